import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.zip.*;

/**
 * Reads every entry of the archives named, first as a stream, as TorchServe
 * does, then through the central directory, and compares both. Of large entries
 * the second pass reads only the start, to save time.
 */
public class ReadZip {
    static final long LARGE = 1L << 30;
    static final byte[] buf = new byte[1 << 20];

    public static void main(String[] archives) throws IOException {
        for (String archive : archives) {
            Map<String, String> streamed = new LinkedHashMap<>();
            try (ZipInputStream in = new ZipInputStream(new BufferedInputStream(new FileInputStream(archive)))) {
                for (ZipEntry e; (e = in.getNextEntry()) != null; ) {
                    streamed.put(e.getName(), read(in, archive, e));
                }
            }
            Map<String, String> listed = new LinkedHashMap<>();
            try (ZipFile file = new ZipFile(archive)) {
                for (Enumeration<? extends ZipEntry> all = file.entries(); all.hasMoreElements(); ) {
                    ZipEntry e = all.nextElement();
                    InputStream in = file.getInputStream(e);
                    if (e.getSize() > LARGE) {
                        in.readNBytes(buf, 0, buf.length);
                        listed.put(e.getName(), e.getSize() + "/" + e.getCrc());
                    } else {
                        listed.put(e.getName(), read(in, archive, e));
                    }
                }
            }
            if (streamed.isEmpty() || !streamed.equals(listed)) {
                throw new IOException(archive + ": streamed " + streamed.size() + " entries, listed " + listed.size());
            }
        }
    }

    static String read(InputStream in, String archive, ZipEntry e) throws IOException {
        CRC32 crc = new CRC32();
        long size = 0;
        for (int n; (n = in.read(buf)) > 0; size += n) {
            crc.update(buf, 0, n);
        }
        if (e.getCrc() != crc.getValue() || e.getSize() != size) {
            throw new IOException(archive + ": " + e.getName() + ": the headers say " + e.getSize() + " bytes, CRC "
                    + e.getCrc() + "; read " + size + ", " + crc.getValue());
        }
        return size + "/" + crc.getValue();
    }
}
