/**
 * The promise before protection: either the secondary has what a failover needs, or every reason why not.
 *
 * <pre>
 *   GuestDemand + HostOffer --Admission--> reasons (none: admitted)
 * </pre>
 */
package io.lockstep.mirror.admission;
