using QRCoder;

namespace Balatrix.Modules.Printing;

/// <summary>QR codes as pictures of one pixel a module, without their quiet zone.</summary>
public static class QrPicture
{
    const int QuietZone = 4;
    const int RobustUpTo = 300;

    /// <summary>Makes a code, or null when the text is empty or too long for one.</summary>
    public static Picture? Make(string text)
    {
        // A short text can afford more redundancy; a long one needs larger modules to be read from paper.
        var level = text.Length <= RobustUpTo ? QRCodeGenerator.ECCLevel.M : QRCodeGenerator.ECCLevel.L;
        if (text.Length is 0 or > 2900)
            return null;
        try
        {
            using var code = QRCodeGenerator.GenerateQrCode(text, level, forceUtf8: false);
            return Draw(code);
        }
        catch (QRCoder.Exceptions.DataTooLongException)
        {
            // Characters of several bytes made it longer than it looked.
            return null;
        }
    }

    static Picture Draw(QRCodeData code)
    {
        var size = code.ModuleMatrix.Count - (2 * QuietZone);
        var stride = (size + 7) / 8;
        var bits = new byte[size * stride];
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                if (!code.ModuleMatrix[y + QuietZone][x + QuietZone])
                    bits[(y * stride) + (x / 8)] |= (byte)(0x80 >> (x % 8));
            }
        }
        return new(size, size, "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /FlateDecode", PdfObjects.Compress(bits));
    }
}
