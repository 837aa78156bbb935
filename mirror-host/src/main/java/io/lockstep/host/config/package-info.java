/**
 * The host's configuration: YAML in, checked records out, every error at once.
 *
 * <pre>
 *   file --ConfigReader--> tree --Section (key by key, collects errors)--> HostConfig { UplinkConfig, MirrorPolicy, GuestConfig... }
 * </pre>
 *
 * {@code docs/host.md} shows every key.
 */
package io.lockstep.host.config;
