/**
 * A logical unit of an iSCSI target as a path: a host's own HBA in user space, which may share the unit with the partner's.
 *
 * <pre>
 *   stack's thread                        one thread for each opening
 *   IscsiPath --IscsiOp--> issued  ==&gt;  IscsiWorker --> ScsiCommands (CDBs) --> nativeio.IscsiSession --> target
 *      ^-------- done, wakeUp ------'        |
 *                                            '-- LogicalUnit: what it is;  Reservations: keys, register, preempt and abort
 * </pre>
 */
package io.lockstep.redirect.path.iscsi;
