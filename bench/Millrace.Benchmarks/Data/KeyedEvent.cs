namespace Millrace.Benchmarks.Data;

/// <summary>The record of most workloads: 24 bytes.</summary>
/// <param name="Key">From zero up.</param>
/// <param name="Value">Small and random.</param>
/// <param name="Time">Milliseconds since the Unix epoch; never falls within the data.</param>
public readonly record struct KeyedEvent(long Key, long Value, long Time);

/// <summary>The record of the word count: as large as <see cref="KeyedEvent"/>.</summary>
/// <param name="Word">Sixteen letters.</param>
/// <param name="Value">Small and random.</param>
/// <param name="Time">Milliseconds since the Unix epoch; never falls within the data.</param>
public readonly record struct WordEvent(string Word, long Value, long Time);
