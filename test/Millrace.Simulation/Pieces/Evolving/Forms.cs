using System.Globalization;

namespace Millrace.Simulation;

/// <summary>What a piece keeps and reads, as one version of a program after another has it: each form reads what all before it have written.</summary>
static class Forms
{
    /// <summary>How many there are.</summary>
    public const int Count = 6;

    /// <summary>The first.</summary>
    public static class V0
    {
        public readonly record struct Entry(int Weigh, string Place, int Value) : IEntry<Entry>
        {
            public static Entry Of(Reading r) => new(r.Weight, $"{r.Source}/{r.Split}", Forms.WorthOf(r));

            public long Worth() => Value;

            public int Weight() => Weigh;
        }

        public readonly record struct Totals(int Records, int Sum, string Scratch) : ITotals<Totals>
        {
            public static Totals None => new(0, 0, "");

            public Totals Plus(long worth) => new(Records + 1, Sum + (int)worth, $"at {worth}");

            public int Number() => Records;

            public long Total() => Sum;

            public int Recent() => 0;
        }
    }

    /// <summary>A member is gone.</summary>
    public static class V1
    {
        public readonly record struct Entry(int Weigh, int Value) : IEntry<Entry>
        {
            public static Entry Of(Reading r) => new(r.Weight, Forms.WorthOf(r));

            public long Worth() => Value;

            public int Weight() => Weigh;
        }

        public readonly record struct Totals(int Records, int Sum) : ITotals<Totals>
        {
            public static Totals None => default;

            public Totals Plus(long worth) => new(Records + 1, Sum + (int)worth);

            public int Number() => Records;

            public long Total() => Sum;

            public int Recent() => 0;
        }
    }

    /// <summary>Members have moved, one is wider, one is new.</summary>
    public static class V2
    {
        public readonly record struct Entry(long Value, int Weigh, string? Note = null) : IEntry<Entry>
        {
            public static Entry Of(Reading r) => new(Forms.WorthOf(r), r.Weight, r.IsStraggler ? "a straggler" : null);

            public long Worth() => Value;

            public int Weight() => Weigh;
        }

        public readonly record struct Totals(long Sum, int Records, int Since = 0) : ITotals<Totals>
        {
            public static Totals None => default;

            public Totals Plus(long worth) => new(Sum + worth, Records + 1, Since + 1);

            public int Number() => Records;

            public long Total() => Sum;

            public int Recent() => Since;
        }
    }

    /// <summary>A member has another name, one may be absent, and it is a class.</summary>
    public static class V3
    {
        public sealed record Entry([FormerName("Value")] long Amount, int? Weigh, string? Note) : IEntry<Entry>
        {
            public static Entry Of(Reading r) => new(Forms.WorthOf(r), r.Weight, null);

            public long Worth() => Amount;

            public int Weight() => Weigh!.Value;
        }

        public sealed record Totals([FormerName("Sum")] long Amount, int Records, int? Since = 0) : ITotals<Totals>
        {
            public static Totals None => new(0, 0);

            public Totals Plus(long worth) => new(Amount + worth, Records + 1, (Since ?? 0) + 1);

            public int Number() => Records;

            public long Total() => Amount;

            public int Recent() => Since ?? 0;
        }
    }

    /// <summary>All of it is a text, made of the form before.</summary>
    public static class V4
    {
        public sealed record Entry(string Text) : IEntry<Entry>, IUpgrade<Entry, V3.Entry>
        {
            public static Entry Upgrade(V3.Entry old) => new($"{old.Amount} {old.Weigh}");

            public static Entry Of(Reading r) => new($"{Forms.WorthOf(r)} {r.Weight}");

            public long Worth() => Forms.NumberIn(Text, 0);

            public int Weight() => (int)Forms.NumberIn(Text, 1);
        }

        public sealed record Totals(string Text) : ITotals<Totals>, IUpgrade<Totals, V3.Totals>
        {
            public static Totals None => new("0 0 0");

            public static Totals Upgrade(V3.Totals old) => new($"{old.Amount} {old.Records} {old.Since ?? 0}");

            public Totals Plus(long worth) => new($"{Total() + worth} {Number() + 1} {Recent() + 1}");

            public int Number() => (int)Forms.NumberIn(Text, 1);

            public long Total() => Forms.NumberIn(Text, 0);

            public int Recent() => (int)Forms.NumberIn(Text, 2);
        }
    }

    /// <summary>A record in a record, made of the text, which may have been made of what was before.</summary>
    public static class V5
    {
        public sealed record Pair(long Amount, int Number);

        public sealed record Entry(Pair Parts) : IEntry<Entry>, IUpgrade<Entry, V4.Entry>
        {
            public static Entry Upgrade(V4.Entry old) => new(new Pair(old.Worth(), old.Weight()));

            public static Entry Of(Reading r) => new(new Pair(Forms.WorthOf(r), r.Weight));

            public long Worth() => Parts.Amount;

            public int Weight() => Parts.Number;
        }

        public sealed record Totals(Pair All, decimal Since) : ITotals<Totals>, IUpgrade<Totals, V4.Totals>
        {
            public static Totals None => new(new Pair(0, 0), 0);

            public static Totals Upgrade(V4.Totals old) => new(new Pair(old.Total(), old.Number()), old.Recent());

            public Totals Plus(long worth) => new(new Pair(All.Amount + worth, All.Number + 1), Since + 1);

            public int Number() => All.Number;

            public long Total() => All.Amount;

            public int Recent() => (int)Since;
        }
    }

    /// <summary>What a record is worth, whatever the form.</summary>
    public static int WorthOf(Reading r) => (r.Index + 1) * (r.Split + 1);

    static long NumberIn(string text, int at) => long.Parse(text.Split(' ')[at], CultureInfo.InvariantCulture);
}
