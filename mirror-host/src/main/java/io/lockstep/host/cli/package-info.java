/**
 * The program {@code mirror}.
 *
 * <pre>
 *   MirrorCli -- host (HostCommand) | ctl (CtlCommand) | nbd (NbdCommand) | demo | drill
 * </pre>
 */
package io.lockstep.host.cli;
