using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Millrace.Connectors.Files;

/// <summary>
/// Where a sink writes: the folder with the visible files, and the hidden folder below it, in which files have the name of the deployment
/// that made them. Relative paths use slashes. Immutable.
/// </summary>
internal sealed partial class OutputTarget
{
    const string HiddenRoot = ".millrace";

    readonly string _extension;

    public OutputTarget(string path, string extension)
    {
        _extension = extension;
        bool isFolder = Directory.Exists(path) || Path.EndsInDirectorySeparator(path) || !Path.HasExtension(path);
        GivenPath = path;
        SingleFile = isFolder ? null : Path.GetFileName(path);
        Folder = isFolder ? path : Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
    }

    /// <summary>As given.</summary>
    public string GivenPath { get; }

    /// <summary>The folder of the output.</summary>
    public string Folder { get; }

    /// <summary>The name of the one file to write; null where a folder of files is written.</summary>
    public string? SingleFile { get; }

    /// <summary>The hidden folder of a sink, relative. Sinks of one folder do not touch each other's.</summary>
    public static string Hidden(SinkContext context) => $"{HiddenRoot}/{Deployment.Word(context.Job)}~{Deployment.Word(context.OperatorId)}";

    /// <summary>The hidden folder of parts that are prepared but not committed.</summary>
    public static string Parts(SinkContext context) => Hidden(context) + "/parts";

    /// <summary>The hidden folder of output files that are not published yet.</summary>
    public static string Opens(SinkContext context) => Hidden(context) + "/open";

    /// <summary>The path of a relative one.</summary>
    public string PathOf(string relative) => Path.Combine(Folder, relative.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The name of a file in a folder: fixed where the files of a run replace those before, otherwise one never used twice.</summary>
    public string NameOf(SinkContext context, int subtask, int count)
    {
        if (SingleFile is not null) return SingleFile;
        string number = subtask.ToString(CultureInfo.InvariantCulture);
        if (context.IsDurable) return $"part-{number}-{Deployment.Of(context).Tag}-{count.ToString("D4", CultureInfo.InvariantCulture)}{_extension}";
        return count == 0 ? $"part-{number}{_extension}" : $"part-{number}-{count.ToString(CultureInfo.InvariantCulture)}{_extension}";
    }

    /// <summary>The visible files of runs of this sink, relative; of folders within the folder only where the sink writes into such.</summary>
    public IReadOnlyList<string> FindVisible(bool hasBuckets)
    {
        if (!Directory.Exists(Folder)) return [];
        if (SingleFile is not null) return File.Exists(PathOf(SingleFile)) ? [SingleFile] : [];
        EnumerationOptions everywhere = new() { RecurseSubdirectories = hasBuckets, AttributesToSkip = FileAttributes.Hidden, IgnoreInaccessible = false };
        return
        [
            .. Directory.EnumerateFiles(Folder, "part-*" + _extension, everywhere)
                .Where(file => VisibleName().IsMatch(Path.GetFileName(file)[..^_extension.Length]))
                .Select(file => Path.GetRelativePath(Folder, file).Replace('\\', '/')),
        ];
    }

    [GeneratedRegex("^part-[0-9]+(-[0-9]+|-[0-9a-f]{12}-[0-9]{4,})?$")]
    private static partial Regex VisibleName();
}

/// <summary>Which deployment made a hidden file. As text it begins the file's name: <c>3.17~0123456789ab~cafe</c>.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="Timeline">The first 12 digits of the timeline.</param>
/// <param name="Nonce">The nonce, as a word.</param>
internal sealed record Deployment(string Attempt, string Timeline, string Nonce)
{
    const int TagCharacters = 12, WordCharactersMax = 48;

    /// <summary>Twelve hexadecimal digits that stand for it in visible names.</summary>
    public string Tag => Hash(ToString())[..TagCharacters];

    public static Deployment Of(SinkContext context) =>
        new(context.Attempt, context.Timeline.Length > TagCharacters ? context.Timeline[..TagCharacters] : context.Timeline, Word(context.Nonce));

    /// <summary>The deployment that made a file, and the rest of the file's name; null for names that are not made here.</summary>
    public static (Deployment Deployment, string Name)? Parse(string name) =>
        name.Split('~', 4) is [var attempt, var timeline, var nonce, var rest] ? (new(attempt, timeline, nonce), rest) : null;

    /// <summary>Whether what this one left may be ended by another: it is earlier, or of another history altogether.</summary>
    public bool IsBefore(Deployment other) =>
        SinkContext.CompareAttempts(Attempt, other.Attempt) is var order && (order < 0 || (order == 0 && Nonce != other.Nonce));

    /// <summary>A text as a word of file names, the same for the same text only.</summary>
    public static string Word(string text)
    {
        bool isWord = text.Length is > 0 and <= WordCharactersMax && text[0] != '.' && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        if (isWord) return text;
        string plain = string.Concat(text.Take(WordCharactersMax / 2).Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return $"{plain}-{Hash(text)[..(TagCharacters + 4)]}";
    }

    public override string ToString() => $"{Attempt}~{Timeline}~{Nonce}";

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
