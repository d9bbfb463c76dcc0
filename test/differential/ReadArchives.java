import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Streams the archives named on stdin, one path a line, through ZipInputStream, as TorchServe does.
 * Writes path, entry name and CRC-32 of the bytes, with tabs between, one entry a line.
 */
public class ReadArchives {
    public static void main(String[] args) throws IOException {
        BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
        for (String path = paths.readLine(); path != null; path = paths.readLine()) {
            try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(new FileInputStream(path)))) {
                read(path, zip);
            }
        }
    }

    private static void read(String path, ZipInputStream zip) throws IOException {
        byte[] buffer = new byte[1 << 16];
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            CRC32 crc = new CRC32();
            for (int n = zip.read(buffer); n >= 0; n = zip.read(buffer)) {
                crc.update(buffer, 0, n);
            }
            System.out.println(path + "\t" + entry.getName() + "\t" + crc.getValue());
        }
    }
}
