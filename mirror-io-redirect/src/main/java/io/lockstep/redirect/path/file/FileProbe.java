package io.lockstep.redirect.path.file;

import io.lockstep.nativeio.DiskFile;
import io.lockstep.nativeio.NativeIoException;
import io.lockstep.redirect.block.BlockGeometry;
import io.lockstep.redirect.block.IoBuffer;
import io.lockstep.redirect.path.file.FilePathConfig.Direct;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import org.agrona.BufferUtil;

/** Opens a file and finds out what it can. May block. */
final class FileProbe {
    private static final int PREFERRED_BLOCK = 4096;
    private static final int[] DIRECT_UNITS = {512, 4096};

    private final FilePathConfig config;
    private boolean readOnly;

    private FileProbe(FilePathConfig config) {
        this.config = config;
        this.readOnly = config.readOnly();
    }

    /** Opens it as the config says; the message of a failure names the file. */
    static OpenedFile open(FilePathConfig config) throws IOException {
        return new FileProbe(config).open();
    }

    private OpenedFile open() throws IOException {
        String whyNotDirect = "direct: never";
        if (config.direct() != Direct.NEVER) {
            try {
                return look(openFile(true), true, "O_DIRECT");
            } catch (NotDirectException e) {
                whyNotDirect = e.getMessage();
            } catch (NativeIoException e) {
                if (e.errno() != DiskFile.EINVAL && e.errno() != DiskFile.EOPNOTSUPP) {
                    throw e;
                }
                whyNotDirect = "the file system has no O_DIRECT";
            }
            if (config.direct() == Direct.REQUIRE) {
                throw new IOException(config.file() + " cannot be opened with direct: require: " + whyNotDirect);
            }
        }
        return look(openFile(false), false, "page cache (" + whyNotDirect + ")");
    }

    private DiskFile openFile(boolean direct) throws IOException {
        try {
            return DiskFile.open(config.file().toString(), readOnly, direct);
        } catch (NativeIoException e) {
            if (readOnly || e.errno() != DiskFile.EROFS) {
                throw e;
            }
            readOnly = true; // the medium says so, not this user's rights
            return DiskFile.open(config.file().toString(), true, direct);
        }
    }

    private OpenedFile look(DiskFile file, boolean direct, String how) throws IOException {
        boolean good = false;
        try {
            int sector = file.sectorSize();
            boolean device = sector > 0;
            if (!device && !Files.isRegularFile(config.file())) {
                throw new IOException(config.file() + " is neither a regular file nor a block device");
            }
            int unit = direct ? Math.max(sector, directUnit(file)) : sector;
            int block = Math.max(config.blockSize(), unit);
            BlockGeometry geometry = geometry(file, block, device, direct);
            String text = (device ? "block device" : "file") + ", " + how + ", blocks of " + block + " bytes"
                    + (geometry.readOnly() ? ", read-only" : "");
            OpenedFile opened = new OpenedFile(file, geometry, direct, device, text);
            good = true;
            return opened;
        } finally {
            if (!good) {
                file.close();
            }
        }
    }

    private BlockGeometry geometry(DiskFile file, int block, boolean device, boolean direct) throws IOException {
        long size = file.size();
        if (size < 0) {
            throw new IOException("size of " + config.file() + ": " + DiskFile.describe(size));
        }
        if (size == 0) {
            throw new IOException(config.file() + " is empty: a disk must have its full size");
        }
        if (size % block != 0) {
            String what = config.file() + " has " + size + " bytes, which is not a multiple of its block size " + block;
            throw direct && size % config.blockSize() == 0 ? new NotDirectException(what) : new IOException(what);
        }
        boolean fixed = readOnly || file.isReadOnlyDevice();
        boolean punches = !fixed && (device || file.punchHole(size, block) == 0); // beyond the end: changes nothing
        int preferred = Math.max(PREFERRED_BLOCK, block);
        return new BlockGeometry(size, block, preferred, BlockGeometry.MAX_TRANSFER, fixed, punches, punches);
    }

    /** The least unit of a transfer around the page cache: the kernel refuses a smaller one. */
    private int directUnit(DiskFile file) throws NotDirectException {
        ByteBuffer memory = BufferUtil.allocateDirectAligned(2 * IoBuffer.ALIGNMENT, IoBuffer.ALIGNMENT);
        for (int unit : DIRECT_UNITS) {
            long result = file.read(BufferUtil.address(memory), unit, 0);
            if (result != -DiskFile.EINVAL && result != -DiskFile.EOPNOTSUPP) {
                return unit; // other failures are the medium's, and come back in use
            }
        }
        throw new NotDirectException("O_DIRECT does not take transfers of 512 or 4096 bytes");
    }

    /** The file is fine but not around the page cache. */
    private static final class NotDirectException extends IOException {
        private static final long serialVersionUID = 1L;

        NotDirectException(String why) {
            super(why);
        }
    }
}
