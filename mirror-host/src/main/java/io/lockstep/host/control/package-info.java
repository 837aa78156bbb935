/**
 * A host's control socket: a line of JSON in, a line of JSON out ({@code docs/host.md}).
 *
 * <pre>
 *   ctl, demo, toolstack --ControlClient--> unix socket --ControlServer--> MirrorHost
 * </pre>
 */
package io.lockstep.host.control;
