package io.lockstep.redirect.route;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.block.BufferPool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Builds one mistake into the layer at a time; the model must find each. */
@Timeout(300)
class PlantedMistakesTest {
    private static final int SEEDS = 3000;

    @Test
    void shouldFindAFenceThatIsNone() {
        assertFound("holds", new RedirectDevice.Makers() {
            @Override
            Fence fence(List<Route> routes, RedirectConfig config, RedirectListener listener, Time time) {
                return new Fence(routes, config, listener, time) {
                    @Override
                    void begin(Route target, long newGeneration) {
                        // shuts nobody out
                    }

                    @Override
                    Verdict verdict() {
                        return Verdict.PROVEN;
                    }
                };
            }
        });
    }

    @Test
    void shouldFindANewRequestThatOvertakesOneThatIsIssuedAgain() {
        assertFound("block", new Ledgers() {
            @Override
            Ledger make(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
                return new Ledger(config, buffers, deadline, time, owner) {
                    @Override
                    boolean mustWait(Entry entry) {
                        boolean inOrder = true;
                        for (Entry older = entry.previous; older != null; older = older.previous) {
                            inOrder &= older.moved || !older.overlaps(entry);
                        }
                        return !inOrder && super.mustWait(entry);
                    }
                };
            }
        });
    }

    @Test
    void shouldFindOverlappingRequestsThatRunAtTheSameTime() {
        assertFound("block", new Ledgers() {
            @Override
            Ledger make(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
                return new Ledger(config, buffers, deadline, time, owner) {
                    @Override
                    boolean mustWait(Entry entry) {
                        return false;
                    }
                };
            }
        });
    }

    @Test
    void shouldFindABufferThatIsGivenBackTooEarly() {
        assertFound("given back", new Ledgers() {
            @Override
            Ledger make(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
                return new Ledger(config, buffers, deadline, time, owner) {
                    @Override
                    void quarantine(Child child) {
                        super.quarantine(child);
                        if (child.held != null) {
                            child.held.release();
                            child.held = null;
                        }
                    }
                };
            }
        });
    }

    @Test
    void shouldFindARequestThatIsCompletedTwice() {
        assertFound("", new Ledgers() {
            @Override
            Ledger make(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
                return new Ledger(config, buffers, deadline, time, owner) {
                    @Override
                    void quarantine(Child child) {
                        // the old call goes on to answer the client
                    }
                };
            }
        });
    }

    @Test
    void shouldFindAPathThatIsUsedAgainTooEarly() {
        assertFound("", new RedirectDevice.Makers() {
            @Override
            Mover mover(Mover.Parts parts) {
                return new Mover(parts) {
                    @Override
                    boolean mayOpen(Route route) {
                        return route.is(PathState.LEFT) || super.mayOpen(route);
                    }
                };
            }
        });
    }

    private abstract static class Ledgers extends RedirectDevice.Makers {
        abstract Ledger make(
                RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner);

        @Override
        Ledger ledger(RedirectConfig config, BufferPool buffers, Deadline deadline, Time time, Ledger.Owner owner) {
            return make(config, buffers, deadline, time, owner);
        }
    }

    private static void assertFound(String expected, RedirectDevice.Makers mistake) {
        for (long seed = 0; seed < SEEDS; seed++) {
            String violation = new ModelRun(seed, mistake).run();
            if (!violation.isEmpty() && violation.contains(expected)) {
                return;
            }
        }
        assertTrue(false, "not found in " + SEEDS + " seeds");
    }
}
