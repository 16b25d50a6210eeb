using Millrace.Runtime.Exchange;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>Deals runs of records to the channels in turn: with one channel, to that one.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="first">The channel to begin with, so that producers do not all begin with the same.</param>
public sealed class TurnDealer<T>(int first) : IDealer<T>
{
    int _turn = first;

    /// <inheritdoc/>
    public bool TryDeal(Batch<T> batch, ref int position, ChannelFan<T> fan)
    {
        while (position < batch.Count)
        {
            int channel = _turn % fan.Count;
            if (!fan.TryOpen(channel, out Batch<T>? open)) return false;
            // One record at a time would be fairer for a handful of records, runs are cheaper for many: share what is here evenly.
            int share = Math.Max(1, batch.Count / fan.Count);
            int run = Math.Min(Math.Min(share, batch.Count - position), open.Values.Length - open.Count);
            batch.Values.AsSpan(position, run).CopyTo(open.Values.AsSpan(open.Count));
            if (open.Timestamps.Length != 0) batch.Timestamps.AsSpan(position, run).CopyTo(open.Timestamps.AsSpan(open.Count));
            open.Count += run;
            position += run;
            if (open.Count == open.Values.Length) fan.Send(channel);
            _turn = (channel + 1) % fan.Count;
        }

        return true;
    }
}

/// <summary>Gives every channel every record.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class CopyDealer<T> : IDealer<T>
{
    int _channel;

    /// <inheritdoc/>
    public bool TryDeal(Batch<T> batch, ref int position, ChannelFan<T> fan)
    {
        for (; _channel < fan.Count; _channel++, position = 0)
        {
            while (position < batch.Count)
            {
                if (!fan.TryOpen(_channel, out Batch<T>? open)) return false;
                int run = Math.Min(batch.Count - position, open.Values.Length - open.Count);
                batch.Values.AsSpan(position, run).CopyTo(open.Values.AsSpan(open.Count));
                if (open.Timestamps.Length != 0) batch.Timestamps.AsSpan(position, run).CopyTo(open.Timestamps.AsSpan(open.Count));
                open.Count += run;
                position += run;
                if (open.Count == open.Values.Length) fan.Send(_channel);
            }
        }

        _channel = 0;
        position = batch.Count;
        return true;
    }
}

/// <summary>Deals each record to the instance that owns the hash of its key.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TOps">The key type's operations.</typeparam>
/// <param name="keyOf">Reads the key.</param>
public sealed class KeyDealer<T, TKey, TOps>(Func<T, TKey> keyOf) : IDealer<T> where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public bool TryDeal(Batch<T> batch, ref int position, ChannelFan<T> fan)
    {
        ReadOnlySpan<T> values = batch.Values.AsSpan(0, batch.Count);
        for (int at = position; at < values.Length; at++)
        {
            position = at;
            TKey key = keyOf(values[at]);
            if (key is null) throw new Operators.NullKeyException();
            int channel = KeyRange.InstanceOf(default(TOps).Hash(key), fan.Count);
            if (!fan.TryOpen(channel, out Batch<T>? open)) return false;
            open.Values[open.Count] = values[at];
            if ((uint)open.Count < (uint)open.Timestamps.Length) open.Timestamps[open.Count] = batch.Timestamps[at];
            if (++open.Count == open.Values.Length) fan.Send(channel);
        }

        position = batch.Count;
        return true;
    }
}
