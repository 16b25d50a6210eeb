using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.State.Offline;

/// <summary>
/// Texts in JSON. Strings of state may have surrogates without their partner, which the framework's JSON neither writes nor reads; JSON itself
/// has an escape for them.
/// </summary>
static class JsonText
{
    /// <summary>Whether every surrogate has its partner.</summary>
    public static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        int at = text.IndexOfAnyInRange('\ud800', '\udfff');
        for (; at >= 0 && at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at])) continue;
            if (!char.IsHighSurrogate(text[at]) || at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1])) return false;
            at++;
        }

        return true;
    }

    /// <summary>Writes a text, whatever its code units are.</summary>
    public static void Write(Utf8JsonWriter json, string text)
    {
        if (IsWellFormed(text)) json.WriteStringValue(text);
        else json.WriteRawValue(Escape(text), skipInputValidation: true);
    }

    /// <summary>The text of a JSON string, whatever escapes it has.</summary>
    /// <exception cref="FormatException">It is no string.</exception>
    public static string Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String) throw new FormatException("is not a text");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText());
        }
    }

    static string Escape(string text)
    {
        StringBuilder escaped = new("\"");
        for (int i = 0; i < text.Length; i++)
        {
            int length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            if (length == 1 && char.IsSurrogate(text[i])) escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else escaped.Append(JsonEncodedText.Encode(text.AsSpan(i, length), JavaScriptEncoder.UnsafeRelaxedJsonEscaping));
            i += length - 1;
        }

        return escaped.Append('"').ToString();
    }

    // The framework has checked the form of the escapes.
    static string Unescape(string raw)
    {
        StringBuilder text = new();
        for (int i = 1; i < raw.Length - 1; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            char kind = raw[++i];
            if (kind != 'u')
            {
                text.Append(kind switch { 'n' => '\n', 'r' => '\r', 't' => '\t', 'b' => '\b', 'f' => '\f', _ => kind });
                continue;
            }

            text.Append((char)ushort.Parse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 4;
        }

        return text.ToString();
    }
}
