package io.lockstep.nativeio;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** The preload library that tracks written pages from inside QEMU: how to put it on disk, and whether this kernel can run it. */
public final class ShimLibrary {
    /** Name of the file. */
    public static final String FILE_NAME = "libmirrorshim.so";

    private static final String RESOURCE = "/linux-x86-64/" + FILE_NAME;
    private static final int TEXT_BYTES = 256;

    private ShimLibrary() {}

    /** Writes the library into a directory, over an older one, and returns the file. */
    public static Path extractTo(Path directory) throws IOException {
        Path target = directory.resolve(FILE_NAME);
        Path partial = Files.createTempFile(directory, FILE_NAME, ".partial");
        try (InputStream library = ShimLibrary.class.getResourceAsStream(RESOURCE)) {
            if (library == null) {
                throw new FileNotFoundException("resource " + RESOURCE + " is not in the mirror-native jar");
            }
            Files.copy(library, partial, StandardCopyOption.REPLACE_EXISTING);
            return Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }

    /** Runs the library's own test on a few pages of this process; empty if tracking works, otherwise what failed. */
    public static String problem(Path library) {
        ByteBuffer text = ByteBuffer.allocateDirect(TEXT_BYTES);
        int status;
        try (NativeLibrary loaded = NativeLibrary.getInstance(library.toString())) {
            Function probe = loaded.getFunction("mirror_shim_probe");
            status = probe.invokeInt(new Object[] {text, (long) TEXT_BYTES});
        } catch (UnsatisfiedLinkError e) {
            return library + " cannot be loaded: " + e.getMessage();
        }
        if (status == 0) {
            return "";
        }
        String reason = StandardCharsets.UTF_8.decode(text).toString();
        int end = reason.indexOf(0);
        return end > 0 ? reason.substring(0, end) : Errno.describe(-status);
    }
}
