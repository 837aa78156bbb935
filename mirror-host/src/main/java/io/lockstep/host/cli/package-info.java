/**
 * The program {@code mirror}.
 *
 * <pre>
 *   MirrorCli -- host (HostCommand) | ctl (CtlCommand) | demo | drill
 * </pre>
 */
package io.lockstep.host.cli;
