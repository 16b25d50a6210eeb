using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>The tables a topology writes to, and a reader of them. Used by the thread of the world.</summary>
/// <param name="commitsTwice">Whether a repeated commit writes again: to see that the oracle notices.</param>
sealed class Outside(bool commitsTwice)
{
    readonly Dictionary<(Place Place, int Number), Read> _tables = [];
    readonly Dictionary<int, SimulatedKeyedTable<string>> _keyed = [];
    int _seenKeyed;

    /// <summary>Where lines of pieces go.</summary>
    public enum Place
    {
        /// <summary>In transactions.</summary>
        First,

        /// <summary>In transactions of another sink.</summary>
        Second,

        /// <summary>In those of a sink that a later version of the program brings.</summary>
        Added,

        /// <summary>By key, each line as often as need be.</summary>
        Keyed,
    }

    /// <summary>What a reader sees.</summary>
    public IEnumerable<string> Visible(Place place) =>
        place == Place.Keyed ? _keyed.Values.SelectMany(static t => t.Visible) : _tables.Where(t => t.Key.Place == place).OrderBy(static t => t.Key.Number).SelectMany(static t => t.Value.Table.Visible);

    /// <summary>Ends a stream there.</summary>
    /// <param name="number">Which of the sinks of a place in which each stream has one.</param>
    public void Sink(DataStream<string> lines, Place place, int number, SimulatedProcess process)
    {
        string suffix = number == 0 ? "" : $"-{number}";
        if (place == Place.Keyed)
        {
            if (!_keyed.TryGetValue(number, out SimulatedKeyedTable<string>? keyed)) _keyed.Add(number, keyed = new(static line => line));
            lines.Sink($"keyed{suffix}", keyed.SinkOf(process));
            return;
        }

        if (!_tables.TryGetValue((place, number), out Read? read)) _tables.Add((place, number), read = new(new() { CommitsTwice = commitsTwice && place == Place.First }));
        lines.Sink(place switch { Place.First => $"out{suffix}", Place.Second => $"second{suffix}", _ => $"added{suffix}" }, read.Table.SinkOf(process));
    }

    /// <summary>Reads everything: what was there before is there still, unless the job began anew in its place.</summary>
    /// <exception cref="SimulationException">Something has disappeared.</exception>
    public void Look()
    {
        foreach (Read read in _tables.Values) read.Look();
        int keyed = _keyed.Values.Sum(static t => t.Visible.Count);
        if (keyed < _seenKeyed) throw new SimulationException($"a reader has seen {_seenKeyed} rows written by key, and there are {keyed} now");
        _seenKeyed = keyed;
    }

    /// <summary>A table, and what a reader has seen of it.</summary>
    sealed class Read(SimulatedTable<string> table)
    {
        readonly List<string> _seen = [];
        int _replacements;

        public SimulatedTable<string> Table => table;

        public void Look()
        {
            if (_replacements != table.Replacements)
            {
                _replacements = table.Replacements;
                _seen.Clear();
            }

            IReadOnlyList<string> now = table.Visible;
            for (int i = 0; i < _seen.Count; i++)
            {
                if (i >= now.Count || !ReferenceEquals(now[i], _seen[i])) throw new SimulationException($"a reader has seen '{_seen[i]}', and it is not there any more");
            }

            _seen.AddRange(now.Skip(_seen.Count));
        }
    }
}
