/**
 * Makes pages small, and whole again.
 *
 * <pre>
 *   page + last sent version --PageCompressor--> ZERO | DELTA | RAW | LZ4 --PageExpander--> page
 * </pre>
 */
package io.lockstep.mirror.encode;
