/**
 * What travels between the two hosts: frames on the outside, the stream's records inside a bulk or control frame's payload.
 *
 * <pre>
 *   records --&gt; payload --&gt; FrameEncoder --&gt; bytes ~~ interconnect ~~&gt; bytes --&gt; FrameDecoder --&gt; payload --&gt; records
 *                                                                                \--&gt; FrameFault
 * </pre>
 *
 * {@link io.lockstep.mirror.record.FrameDescriptor} has the layout of a frame's header.
 */
package io.lockstep.mirror.record;
