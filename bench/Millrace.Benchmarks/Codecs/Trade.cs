using System.Text.Json.Serialization;
using Millrace.Benchmarks.Data;

namespace Millrace.Benchmarks.Codecs;

/// <summary>Which way money goes.</summary>
enum Side
{
    Buy,
    Sell,
}

/// <summary>A record of ten members of the usual kinds.</summary>
sealed record Trade(long Id, string Symbol, int Quantity, decimal Price, DateTime At, Guid Account, double Rate, bool IsOpen, string? Note, Side Side)
{
    /// <summary>Some trades; the same ones every time.</summary>
    public static Trade[] Some(int count)
    {
        SeededRandom random = new(0x77ADEu);
        string[] symbols = ["MSFT", "SAP", "NOVN.SW", "7203.T", "BRK.B"];
        Trade[] trades = new Trade[count];
        for (int i = 0; i < count; i++)
        {
            ulong bits = random.Next();
            trades[i] = new(
                1_000_000_000 + i, symbols[bits % 5], (int)(bits >> 8 & 0xfff), (bits >> 20 & 0xfffff) / 100m, DateTime.UnixEpoch.AddSeconds(bits & 0xffffff),
                new Guid((int)bits, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (bits >> 12) * 1e-9, (bits & 1) == 0, bits % 4 == 0 ? $"order {bits & 0xffff}" : null, (Side)(bits >> 5 & 1));
        }

        return trades;
    }
}

/// <summary>The record as an earlier version of the program had it.</summary>
static class Earlier
{
    public sealed record Trade(int Quantity, long Id, string Symbol, decimal Price, DateTime At, Guid Account, float Rate, bool IsOpen, string? Remark, Side Side, long Gone, List<int> Removed)
    {
        public static Trade Of(Codecs.Trade trade) => new(
            trade.Quantity, trade.Id, trade.Symbol, trade.Price, trade.At, trade.Account, (float)trade.Rate, trade.IsOpen, trade.Note, trade.Side, 5, [1, 2, 3]);
    }
}

/// <summary>The fastest that System.Text.Json has for it.</summary>
[JsonSerializable(typeof(Trade))]
sealed partial class TradeJson : JsonSerializerContext;
