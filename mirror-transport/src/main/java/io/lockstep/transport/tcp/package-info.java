/**
 * The interconnect over TCP: two connections per session, so that heartbeats and acknowledgements never queue behind pages.
 *
 * <pre>
 *   primary                                                      secondary
 *   TcpInterconnect --Dialer--&gt;  HELLO(BULK)    ------------&gt;  TcpAcceptor  (one listener, many VMs)
 *        |                       HELLO(CONTROL) ------------&gt;      | pairs by nonce, names the VM
 *        |                       &lt;------ WELCOME, or REFUSED(why)   v
 *        |                                                     TcpInterconnect
 *   BulkOut    == frames, gathered writes ==== bulk ==========&gt; FrameIn
 *   ControlOut -- small frames --------------- control -------&gt; FrameIn      (and the same the other way)
 * </pre>
 *
 * Nobody here has a thread: {@code poll} does the work. A {@link java.nio.channels.Selector} may be given, to block on until there is
 * some. The handshake protects against mistakes, stale peers and broken networks, not against an attacker who can write to the
 * private network: frames carry a checksum, not a signature.
 */
package io.lockstep.transport.tcp;
