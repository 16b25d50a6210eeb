using Millrace.Engine;

namespace Millrace.Tests.Connectors;

/// <summary>Collects what a source of <typeparamref name="T"/> sends to one side output of malformed rows.</summary>
sealed class Sides<T>
{
    readonly OutputBuffer<MalformedRow> _rows = new();

    public Sides(SideOutput<MalformedRow> side)
    {
        _rows.Bind(new MalformedRow[100_000], [], 0, 100_000);
        Buffer.BindSides([new SidePort(side, _rows)]);
    }

    public OutputBuffer<T> Buffer { get; } = new();

    public MalformedRow[] Rows => _rows.Values[.._rows.Count];
}
