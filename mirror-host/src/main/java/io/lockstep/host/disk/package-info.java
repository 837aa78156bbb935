/**
 * A guest's disk on one host: the layers of {@code mirror-io-redirect}, put together as the configuration says.
 *
 * <pre>
 *   QEMU -- unix socket --.                      .-> redirect --> paths: this host's copy
 *                          NbdServer -> EpochDisk
 *   partner -- TCP, reads -'    |                '-> PartnerCopy --> the partner's server   (when this host's copy has failed)
 *                               '-- core: GuestDisk / ReplicaDisk
 * </pre>
 *
 * <p>Threading: the engine thread of the guest.
 */
package io.lockstep.host.disk;
