package io.lockstep.redirect.nbd;

import java.util.List;

/** LIST_META_CONTEXT or SET_META_CONTEXT: for which export, and which contexts. */
record MetaQuery(String export, List<String> contexts) {
    private static final String BASE = "base:";

    /** True if SET chooses base:allocation. */
    boolean selectsAllocation() {
        return contexts.contains(NbdWire.BASE_ALLOCATION);
    }

    /** True if LIST asks for base:allocation: by name, by its namespace, or with no query at all. */
    boolean listsAllocation() {
        return contexts.isEmpty() || contexts.contains(BASE) || selectsAllocation();
    }
}
