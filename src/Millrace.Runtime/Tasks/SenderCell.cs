using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>Deals records to the channels of a fan.</summary>
/// <typeparam name="T">The record type.</typeparam>
public interface IDealer<T>
{
    /// <summary>Deals from <paramref name="position"/> on.</summary>
    /// <returns>False when a channel has no free batch now.</returns>
    bool TryDeal(Batch<T> batch, ref int position, ChannelFan<T> fan);
}

/// <summary>The end of a chain that sends to other tasks.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="dealer">Chooses the channels.</param>
/// <param name="fan">The channels.</param>
/// <param name="input">The records.</param>
public sealed class SenderCell<T>(IDealer<T> dealer, ChannelFan<T> fan, Link<T> input) : Cell
{
    int _position;
    bool _isTelling;

    /// <inheritdoc/>
    public override bool IsOperator => false;

    /// <inheritdoc/>
    public override object? CurrentRecord => HasInput && _position < input.Batch.Count ? input.Batch.Values[_position] : null;

    /// <inheritdoc/>
    public override bool HasWork => HasInput || (fan.IsOverdrawn && !fan.MayOverdraw);

    /// <inheritdoc/>
    public override void Overdraw(bool mayOverdraw) => fan.MayOverdraw = mayOverdraw;

    /// <inheritdoc/>
    public override void Announce(Barrier barrier)
    {
        if (barrier.Alignment != Alignment.AtLeastOnce) fan.Announce(barrier);
    }

    /// <inheritdoc/>
    public override CellStep Step()
    {
        if (fan.IsOverdrawn && !fan.TryRepay() && !fan.MayOverdraw) return CellStep.Pending;
        if (!HasInput) return CellStep.NeedInput;
        Batch<T> batch = input.Batch;
        if (!_isTelling)
        {
            if (CanSwap(batch))
            {
                if (!TrySwap(batch)) return CellStep.Pending;
                HasInput = false;
                input.Release();
                return CellStep.NeedInput;
            }

            if (!dealer.TryDeal(batch, ref _position, fan)) return CellStep.Pending;

            if (!batch.Watermark.IsNone) fan.Watermark = batch.Watermark;
            _isTelling = true;
        }

        if (batch.TellsAll && !fan.TryTellAll(batch)) return CellStep.Pending;
        IsEnded |= batch.Signal == ChannelSignal.End;
        _isTelling = false;
        _position = 0;
        HasInput = false;
        input.Release();
        return CellStep.NeedInput;
    }

    /// <inheritdoc/>
    public override void Flush() => fan.Flush();

    /// <summary>A well-filled batch for one channel, read by nobody else, can travel itself.</summary>
    bool CanSwap(Batch<T> batch) =>
        fan.Count == 1 && input is { ReaderCount: 1, Released: null } && _position == 0 && batch.Count * 2 > batch.Values.Length && !fan.IsOpen(0)
        && !batch.TellsAll;

    bool TrySwap(Batch<T> batch)
    {
        Batch<T> travelling = batch;
        if (!fan.TrySwap(ref travelling)) return false;
        // From here on the batch is the consumer's, so what it says is read before it is sent.
        Invariant.That(travelling.Values.Length == batch.Values.Length, "a link that sends to one channel has batches of the channel's size");
        if (!batch.Watermark.IsNone) fan.Watermark = batch.Watermark;
        fan.Send(0);
        input.Batch = travelling;
        return true;
    }
}
