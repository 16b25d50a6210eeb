using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Merges the watermarks of a task's input channels: the output is the smallest over the channels that are active and aligned, and
/// never falls. Flink's rules (StatusWatermarkValve), with a third state: a finished channel holds nothing back and pushes nothing
/// forward, so that the end of one input cannot make the records of its idle siblings late. Pure; owned by one task.
/// </summary>
/// <param name="channels">How many channels there are.</param>
public sealed class WatermarkMerger(int channels)
{
    enum State : byte { Active, Idle, Finished }

    readonly Timestamp[] _watermarks = Enumerable.Repeat(Timestamp.None, channels).ToArray();
    readonly State[] _states = new State[channels];
    // A channel back from idleness counts again once it has caught up with the output.
    readonly bool[] _isAligned = Enumerable.Repeat(true, channels).ToArray();
    int _active = channels;
    int _finished;

    /// <summary>The merged watermark; <see cref="Timestamp.None"/> as long as an active channel has none.</summary>
    public Timestamp Output { get; private set; } = Timestamp.None;

    /// <summary>Whether all channels that are not finished are idle.</summary>
    public bool IsIdle => _active == 0 && !IsFinished;

    /// <summary>Whether all channels are finished.</summary>
    public bool IsFinished => _finished == _states.Length;

    /// <summary>The output begins where a snapshot left it. Before the first watermark.</summary>
    public void StartAt(Timestamp watermark) => Output = watermark;

    /// <summary>A channel's watermark. Ignored when it falls, or when the channel is idle or finished.</summary>
    public void OnWatermark(int channel, Timestamp watermark)
    {
        if (_states[channel] != State.Active || watermark <= _watermarks[channel]) return;
        bool heldBack = _isAligned[channel] && _watermarks[channel] <= Output;
        _watermarks[channel] = watermark;
        bool joins = !_isAligned[channel] && watermark >= Output;
        _isAligned[channel] |= joins;
        if (heldBack || joins || Output.IsNone) Raise();
    }

    /// <summary>A channel's signal.</summary>
    public void OnSignal(int channel, ChannelSignal signal)
    {
        switch (signal)
        {
            case ChannelSignal.Idle when _states[channel] == State.Active:
                Leave(channel, State.Idle);
                break;
            case ChannelSignal.Active when _states[channel] == State.Idle:
                _states[channel] = State.Active;
                _active++;
                _isAligned[channel] = _watermarks[channel] >= Output;
                // It may be the only one that counts, ahead of an output that nobody has raised while it was away.
                Raise();
                break;
            case ChannelSignal.End when _states[channel] != State.Finished:
                Leave(channel, State.Finished);
                break;
        }
    }

    void Leave(int channel, State state)
    {
        if (_states[channel] == State.Active) _active--;
        if (state == State.Finished) _finished++;
        _states[channel] = state;
        if (_active > 0) Raise();
        else if (state == State.Idle && _watermarks[channel] == Output) RaiseToLargest();
    }

    /// <summary>Takes the smallest over the active, aligned channels, if it rises.</summary>
    void Raise()
    {
        Timestamp smallest = Timestamp.MaxValue;
        bool any = false;
        for (int i = 0; i < _states.Length; i++)
        {
            if (_states[i] != State.Active || !_isAligned[i]) continue;
            any = true;
            if (_watermarks[i] < smallest) smallest = _watermarks[i];
        }

        if (any && smallest > Output) Output = smallest;
    }

    /// <summary>All are idle now and the last one was holding the others back: nothing they sent needs to wait any more.</summary>
    void RaiseToLargest()
    {
        for (int i = 0; i < _states.Length; i++)
        {
            if (_states[i] == State.Idle && _watermarks[i] > Output) Output = _watermarks[i];
        }
    }
}
