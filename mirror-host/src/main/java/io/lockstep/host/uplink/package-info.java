/**
 * The way to the outside.
 *
 * <pre>
 *   output gate --offer--> TapUplink | StreamUplink | nothing --> the world
 *                               reader thread --ring--> poll --> guest card
 * </pre>
 */
package io.lockstep.host.uplink;
