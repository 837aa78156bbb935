package io.lockstep.redirect.epoch;

/** Sorts versions by their block, in place: a heap sort, because the library's sort of large arrays makes garbage. */
final class BatchOrder {
    private final Overlay overlay;

    BatchOrder(Overlay overlay) {
        this.overlay = overlay;
    }

    void sort(int[] versions, int count) {
        for (int root = count / 2 - 1; root >= 0; root--) {
            sink(versions, root, count);
        }
        for (int end = count - 1; end > 0; end--) {
            int largest = versions[0];
            versions[0] = versions[end];
            versions[end] = largest;
            sink(versions, 0, end);
        }
    }

    private void sink(int[] versions, int from, int end) {
        int moving = versions[from];
        long key = overlay.blockOf(moving);
        int at = from;
        for (int child = 2 * at + 1; child < end; child = 2 * at + 1) {
            if (child + 1 < end && overlay.blockOf(versions[child + 1]) > overlay.blockOf(versions[child])) {
                child++;
            }
            if (overlay.blockOf(versions[child]) <= key) {
                break;
            }
            versions[at] = versions[child];
            at = child;
        }
        versions[at] = moving;
    }
}
