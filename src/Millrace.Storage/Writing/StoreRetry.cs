namespace Millrace.Storage;

/// <summary>Counts the time and the attempts of one call after another against a <see cref="RetryPolicy"/>. Thread-safe.</summary>
public sealed class StoreRetry
{
    readonly NonceSource _nonces;

    /// <summary>Begins with nothing.</summary>
    /// <param name="policy">The limits.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="nonces">The chance in them.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is outside its range.</exception>
    public StoreRetry(RetryPolicy policy, TimeProvider time, NonceSource nonces)
    {
        policy.Validate();
        Policy = policy;
        Time = time;
        _nonces = nonces;
    }

    /// <summary>The limits.</summary>
    public RetryPolicy Policy { get; }

    /// <summary>The clock of the pauses.</summary>
    public TimeProvider Time { get; }

    /// <summary>Begins the count for one call.</summary>
    public Attempts Begin() => new(this);

    /// <summary>The attempts of one call. For one caller at a time.</summary>
    public sealed class Attempts
    {
        readonly StoreRetry _owner;
        readonly long _began;

        internal Attempts(StoreRetry owner)
        {
            _owner = owner;
            _began = owner.Time.GetTimestamp();
        }

        /// <summary>How many attempts failed.</summary>
        public int Failed { get; private set; }

        /// <summary>How long it has been tried.</summary>
        public TimeSpan Elapsed => _owner.Time.GetElapsedTime(_began);

        /// <summary>Counts a failed attempt and waits before the next.</summary>
        /// <param name="cancellationToken">Ends the wait.</param>
        /// <returns>False at once, without a pause, when the next attempt would begin after <see cref="RetryPolicy.RetryFor"/>.</returns>
        public async ValueTask<bool> PauseAsync(CancellationToken cancellationToken)
        {
            Failed++;
            TimeSpan pause = _owner.Policy.Pause(Failed, _owner._nonces.NextShare());
            if (Elapsed + pause > _owner.Policy.RetryFor) return false;
            await Task.Delay(pause, _owner.Time, cancellationToken).ConfigureAwait(false);
            return true;
        }

        /// <summary>The count in words, for an error: <c>7 attempts in 30.2 s</c>.</summary>
        public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Failed} {(Failed == 1 ? "attempt" : "attempts")} in {Elapsed.TotalSeconds:0.0} s");
    }
}
