package io.lockstep.redirect.nbd;

/**
 * What a client calls an export: {@code NAME}, or {@code NAME;generation=G} for a partner.
 *
 * @param plain the name by itself
 * @param generation G, or 0 if none was given
 */
record ExportName(String plain, long generation) {
    private static final String SUFFIX = ";generation=";
    private static final int MOST_DIGITS = 18;

    /** Anything that is not a well-formed suffix belongs to the name, and no export has such a name. */
    static ExportName parse(String text) {
        int at = text.lastIndexOf(SUFFIX);
        String digits = at < 0 ? "" : text.substring(at + SUFFIX.length());
        if (digits.isEmpty() || digits.length() > MOST_DIGITS || !isDecimal(digits)) {
            return new ExportName(text, 0);
        }
        long generation = Long.parseLong(digits);
        return generation == 0 ? new ExportName(text, 0) : new ExportName(text.substring(0, at), generation);
    }

    private static boolean isDecimal(String digits) {
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
