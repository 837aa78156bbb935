/** Numbers a person or a tool may watch while the mirror runs: one writer each, read from any thread. */
package io.lockstep.mirror.counters;
