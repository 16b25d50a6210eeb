using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>How far the sources of a random topology had been read, as a checkpoint tells it to people.</summary>
static partial class Positions
{
    /// <summary>The next record of each split, and the end where a split has been read to its end; null when a source has not dealt out all its splits.</summary>
    public static Dictionary<(int Source, int Split), int>? Of(SnapshotManifest manifest)
    {
        Dictionary<(int Source, int Split), int> positions = [];
        foreach (OperatorEntry source in manifest.Operators.Where(static o => o.Id.StartsWith("source-", StringComparison.Ordinal)))
        {
            // What is dealt out and has no position any more was read.
            if (source.States.Where(static s => s.Schema.Layout == StateLayout.Leader).SelectMany(static s => s.Items).Any(static i => i.Text != "0 splits not assigned")) return null;
            int number = int.Parse(source.Id.AsSpan("source-".Length), CultureInfo.InvariantCulture);
            foreach (ItemEntry item in source.States.Where(static s => s.Schema.Layout == StateLayout.Split).SelectMany(static s => s.Items))
            {
                if (Split().Match(item.Text) is not { Success: true } match) return null;
                positions[(number, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture))] = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }

        return positions;
    }

    [GeneratedRegex(@"Number = (\d+), Next = (\d+)")]
    private static partial Regex Split();
}
