using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>The tables a topology writes to, and a reader of them. Used by the thread of the world.</summary>
/// <param name="commitsTwice">Whether a repeated commit writes again: to see that the oracle notices.</param>
sealed class Outside(bool commitsTwice)
{
    readonly SimulatedTable<string>[] _tables = [new() { CommitsTwice = commitsTwice }, new(), new()];
    readonly SimulatedKeyedTable<string> _keyed = new(static line => line);
    readonly List<string>[] _seen = [[], [], []];
    readonly int[] _replacements = [0, 0, 0];
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
    public IEnumerable<string> Visible(Place place) => place == Place.Keyed ? _keyed.Visible : _tables[(int)place].Visible;

    /// <summary>Ends a stream there.</summary>
    public void Sink(DataStream<string> lines, Place place, SimulatedProcess process)
    {
        if (place == Place.Keyed) lines.Sink("keyed", _keyed.SinkOf(process));
        else lines.Sink(place switch { Place.First => "out", Place.Second => "second", _ => "added" }, _tables[(int)place].SinkOf(process));
    }

    /// <summary>Reads everything: what was there before is there still, unless the job began anew in its place.</summary>
    /// <exception cref="SimulationException">Something has disappeared.</exception>
    public void Look()
    {
        for (int table = 0; table < _tables.Length; table++)
        {
            if (_replacements[table] != _tables[table].Replacements)
            {
                _replacements[table] = _tables[table].Replacements;
                _seen[table].Clear();
            }

            IReadOnlyList<string> now = _tables[table].Visible;
            for (int i = 0; i < _seen[table].Count; i++)
            {
                if (i >= now.Count || !ReferenceEquals(now[i], _seen[table][i])) throw new SimulationException($"a reader has seen '{_seen[table][i]}', and it is not there any more");
            }

            _seen[table].AddRange(now.Skip(_seen[table].Count));
        }

        if (_keyed.Visible.Count < _seenKeyed) throw new SimulationException($"a reader has seen {_seenKeyed} rows written by key, and there are {_keyed.Visible.Count} now");
        _seenKeyed = _keyed.Visible.Count;
    }
}
