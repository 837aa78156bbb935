/**
 * The interconnect inside one process, for tests and for embedding both sides in one program: same frames, same faults, no sockets.
 *
 * <pre>
 *   first  -- FrameQueue (bulk), FrameQueue (control) --&gt;  second
 *   first  &lt;-- FrameQueue (bulk), FrameQueue (control) --  second
 *                     InProcessLink: session, cut, heal
 * </pre>
 */
package io.lockstep.transport.local;
