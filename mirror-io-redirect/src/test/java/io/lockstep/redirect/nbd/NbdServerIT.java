package io.lockstep.redirect.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lockstep.redirect.path.BlockPath;
import io.lockstep.redirect.path.file.FilePath;
import io.lockstep.redirect.path.file.FilePathConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Foreign clients, unchanged: those of libnbd, QEMU and fio, in front of a disk in memory and of a file. */
@Timeout(600)
class NbdServerIT {
    private static final int SIZE = 64 << 20;

    /** Any request goes straight to the device. */
    @Nested
    class Memory extends Clients {
        @Override
        ServerThread start() throws IOException {
            return new ServerThread(new MemoryDevice(SIZE, 1, 32 << 20));
        }
    }

    /** A device of 4 KiB blocks: what clients write is often cut, or read, changed and written back. */
    @Nested
    class Blocks extends Clients {
        @Override
        ServerThread start() throws IOException {
            MemoryDevice disk = new MemoryDevice(SIZE, 4096, 1 << 20);
            disk.inTurns = true;
            return new ServerThread(disk);
        }
    }

    /** A file, whose requests end on other threads. */
    @Nested
    class AFile extends Clients {
        private Selector selector;
        private FilePath path;

        @Override
        ServerThread start() throws IOException {
            Path file = directory.resolve("disk");
            try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
                disk.setLength(SIZE);
            }
            selector = Selector.open();
            path = new FilePath(FilePathConfig.of("file", file, FilePathConfig.Direct.PREFER), () -> selector.wakeup());
            path.open(1);
            ServerThread.await(
                    () -> {
                        path.doWork(System.nanoTime());
                        return path.link() == BlockPath.Link.OPEN;
                    },
                    () -> "not open: " + path.trouble());
            return new ServerThread(List.of(NbdExport.of("disk", path)), config -> config, selector);
        }

        @AfterEach
        void closePath() {
            path.close();
        }
    }

    /** What every stack must stand. */
    abstract static class Clients {
        @TempDir
        Path directory;

        private ServerThread server;
        private String uri;

        abstract ServerThread start() throws IOException;

        @BeforeEach
        void startServer() throws IOException {
            server = start();
            uri = server.uri();
        }

        @AfterEach
        void stopServer() {
            server.close();
        }

        @Test
        void shouldTellNbdinfoWhatItCan() throws Exception {
            String json = Client.run("nbdinfo", "--json", uri);
            for (String fact : List.of(
                    "\"protocol\": \"newstyle-fixed\"",
                    "\"structured\": true",
                    "\"export-size\": " + SIZE,
                    "\"is_read_only\": false",
                    "\"can_cache\": true",
                    "\"can_df\": true",
                    "\"can_fast_zero\": true",
                    "\"can_flush\": true",
                    "\"can_fua\": true",
                    "\"can_multi_conn\": true",
                    "\"can_zero\": true",
                    "\"block_size_maximum\": 33554432",
                    "\"base:allocation\"")) {
                assertTrue(json.contains(fact), fact + " is missing in " + json);
            }
            String list = Client.run("nbdinfo", "--list", uri);
            assertTrue(list.contains("export=\"disk\""), list);
            Client.run("nbdinfo", "--can", "multi-conn", uri);
            Client.run(2, "nbdinfo", "--is", "read-only", uri);
            String unknown = Client.run(1, "nbdinfo", uri.replace("///", "///other"));
            assertTrue(unknown.contains("for export: other"), unknown);
        }

        @Test
        void shouldShowWhereDataIs() throws Exception {
            Client.run("qemu-io", "-f", "raw", "-c", "write -P 5 1M 1M", "-c", "write -P 5 4M 64k", uri);
            String map = Client.run("nbdinfo", "--map", uri);
            List<String> rows = map.lines()
                    .map(line -> line.trim().replaceAll("\\s+", " "))
                    .filter(line -> !line.startsWith("#"))
                    .toList();
            assertTrue(rows.contains("1048576 1048576 0 data"), map);
            assertTrue(rows.contains("4194304 65536 0 data"), map);
            assertTrue(rows.get(0).startsWith("0 1048576 3 hole,zero"), map);
        }

        @Test
        void shouldCopyWithNbdcopyBothWays() throws Exception {
            Path from = randomFile(SIZE);
            Path to = directory.resolve("copy");
            Client.run("nbdcopy", "--connections=4", "--requests=64", from.toString(), uri);
            Client.run("nbdcopy", "--connections=4", "--requests=64", "--flush", uri, to.toString());
            Client.run("cmp", from.toString(), to.toString());
            assertEquals(0, server.server.outstanding());
        }

        @Test
        void shouldServeQemuImg() throws Exception {
            Path from = randomFile(SIZE);
            String info = Client.run("qemu-img", "info", uri);
            assertTrue(info.contains("virtual size: 64 MiB"), info);
            Client.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", from.toString(), uri);
            String same = Client.run("qemu-img", "compare", "-f", "raw", "-F", "raw", from.toString(), uri);
            assertTrue(same.contains("identical"), same);
            Client.run("qemu-img", "bench", "-f", "raw", "-t", "none", "-w", "-c", "5000", "-d", "16", "-s", "4k", uri);
            Client.run("qemu-img", "bench", "-f", "raw", "-t", "none", "-c", "5000", "-d", "16", "-s", "4k", uri);
            Client.run(1, "qemu-img", "compare", "-f", "raw", "-F", "raw", from.toString(), uri);
        }

        @Test
        void shouldServeQemuIo() throws Exception {
            List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "raw"));
            for (String step : List.of(
                    "write -P 0xaa 0 64k",
                    "write -f -P 0xbb 64k 4k",
                    "flush",
                    "read -P 0xaa 0 64k",
                    "read -P 0xbb 64k 4k",
                    "write -z -u 64k 64k",
                    "read -P 0 64k 64k",
                    "write -z 1M 1M",
                    "discard 1M 1M",
                    "write -P 0xcc 1000 3000",
                    "read -P 0xaa 0 1000",
                    "read -P 0xcc 1000 3000",
                    "read -P 0xaa 4000 61536",
                    "aio_write -P 1 8M 1M",
                    "aio_write -P 2 9M 1M",
                    "aio_flush",
                    "read -P 1 8M 1M",
                    "read -P 2 9M 1M",
                    "write -P 3 16M 32M",
                    "read -P 3 16M 32M")) {
                command.addAll(List.of("-c", step));
            }
            command.add(uri);
            String output = Client.run(command.toArray(new String[0]));
            assertTrue(!output.contains("failed"), output);
        }

        @Test
        void shouldVerifyWithFio() throws Exception {
            for (String load : List.of("randwrite", "randrw", "write")) {
                String bs = load.equals("write") ? "--bs=128k" : "--bsrange=512-16k";
                Client.run(
                        "fio",
                        "--name=v",
                        "--ioengine=nbd",
                        "--uri=" + uri,
                        "--rw=" + load,
                        bs,
                        "--iodepth=32",
                        "--size=32M",
                        "--verify=crc32c",
                        "--verify_fatal=1",
                        "--do_verify=1",
                        "--randrepeat=0",
                        "--verify_state_save=0");
            }
        }

        @Test
        void shouldAnswerIllegalRequestsOfNbdsh() throws Exception {
            String script = String.join(
                    "\n",
                    "import errno",
                    "h = nbd.NBD()",
                    "h.add_meta_context('base:allocation')",
                    "h.connect_uri('" + uri + "')",
                    "h.set_strict_mode(0)",
                    "size = h.get_size()",
                    "def fails(code, call):",
                    "    try:",
                    "        call()",
                    "    except nbd.Error as e:",
                    "        assert e.errnum == code, (e.errnum, code)",
                    "    else:",
                    "        raise AssertionError('no error')",
                    "fails(errno.ENOSPC, lambda: h.pwrite(bytearray(1024), size - 512))",
                    "fails(errno.EINVAL, lambda: h.pread(1024, size - 512))",
                    "fails(errno.EINVAL, lambda: h.pread(512, size))",
                    "fails(errno.EINVAL, lambda: h.pread(64 << 20, 0))",
                    "fails(errno.EINVAL, lambda: h.trim(512, size))",
                    "fails(errno.ENOSPC, lambda: h.zero(512, size))",
                    "fails(errno.EINVAL, lambda: h.pread(512, 0, 1 << 9))",
                    "fails(errno.EINVAL, lambda: h.pwrite(bytearray(512), 0, nbd.CMD_FLAG_DF))",
                    "fails(errno.EINVAL, lambda: h.trim(512, 0, nbd.CMD_FLAG_FAST_ZERO))",
                    "h.cache(4096, 0)",
                    "h.pwrite(b'x' * 700, 1234, nbd.CMD_FLAG_FUA)",
                    "assert h.pread(702, 1233) == b'\\0' + b'x' * 700 + b'\\0'",
                    "h.zero(100, 1300, nbd.CMD_FLAG_NO_HOLE)",
                    "assert h.pread(700, 1234) == b'x' * 66 + b'\\0' * 100 + b'x' * 534",
                    "h.pwrite(bytearray(32 << 20), 0)",
                    "assert len(h.pread(32 << 20, 1 << 20, nbd.CMD_FLAG_DF)) == 32 << 20",
                    "h.flush()",
                    "h.shutdown()");
            Client.run("nbdsh", "-n", "-c", script);
            try (RawClient next = RawClient.open(server.socket, "disk")) {
                next.request(0, NbdWire.CMD_FLUSH, 1, 0, 0);
                assertEquals(new RawClient.Reply(0, 1), next.reply());
            }
        }

        @Test
        void shouldServeAThousandClientsOfLibnbd() throws Exception {
            String script = String.join(
                    "\n",
                    "import resource",
                    "soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)",
                    "resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))",
                    "clients = []",
                    "for i in range(1000):",
                    "    h = nbd.NBD()",
                    "    h.connect_uri('" + uri + "')",
                    "    clients.append(h)",
                    "for i, h in enumerate(clients):",
                    "    h.pwrite(bytes([i % 251]) * 512, i * 512)",
                    "for i, h in enumerate(clients):",
                    "    j = (i + 1) % 1000",
                    "    assert h.pread(512, j * 512) == bytes([j % 251]) * 512",
                    "for h in clients:",
                    "    h.shutdown()");
            Client.run("nbdsh", "-n", "-c", script);
        }

        private Path randomFile(int size) throws IOException {
            byte[] bytes = new byte[size / 2];
            new Random(1).nextBytes(bytes);
            Path file = directory.resolve("random");
            Files.write(file, bytes);
            try (RandomAccessFile grow = new RandomAccessFile(file.toFile(), "rw")) {
                grow.setLength(size);
            }
            return file;
        }
    }
}
