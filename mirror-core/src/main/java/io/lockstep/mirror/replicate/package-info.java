/**
 * The primary's end of the interconnect: encodes what capture published, sends it, hears the acknowledgements.
 *
 * <pre>
 *   send window --poll--> encode --> bulk channel -->
 *   LinkBoard &lt;-- acks, lease, faults -- control channel &lt;--> heartbeats, protect request, hand-over
 *       ^ read and written by the engine thread; the only door between the two threads besides the window
 * </pre>
 */
package io.lockstep.mirror.replicate;
