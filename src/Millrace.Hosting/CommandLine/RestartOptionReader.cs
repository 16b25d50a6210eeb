using Millrace.Runtime.Jobs;

namespace Millrace.Hosting;

/// <summary>Reads what follows a failure: a policy, and the options that it has. Used once.</summary>
internal sealed class RestartOptionReader(OptionWords words)
{
    const string Exponential = "exponential-delay", Fixed = "fixed-delay", Rate = "failure-rate", None = "none";

    static readonly TimeSpan s_day = TimeSpan.FromHours(24);

    readonly List<string> _given = [];
    string _policy = Exponential;
    int? _attempts;
    TimeSpan? _delay, _delayMax, _interval;
    double? _multiplier, _jitter;

    /// <summary>Takes an option of this group with its value.</summary>
    public void Take(string name, string? value)
    {
        if (name != StorageOption.Restart) _given.Add(name);
        switch (name)
        {
            case StorageOption.Restart: _policy = words.Choice(name, value, Exponential, Fixed, Rate, None) ?? _policy; break;
            case StorageOption.RestartAttempts: _attempts = words.Number(name, value, 0, int.MaxValue, 1); break;
            case StorageOption.RestartDelay: _delay = words.Time(name, value, TimeSpan.Zero, s_day); break;
            case StorageOption.RestartDelayMax: _delayMax = words.Time(name, value, TimeSpan.FromMilliseconds(1), s_day); break;
            case StorageOption.RestartMultiplier: _multiplier = words.Factor(name, value, 1, 100); break;
            case StorageOption.RestartJitter: _jitter = words.Factor(name, value, 0, 1); break;
            case StorageOption.RestartInterval: _interval = words.Time(name, value, TimeSpan.FromMilliseconds(1), s_day); break;
            default: throw new System.Diagnostics.UnreachableException($"{name} is no option of restarts");
        }
    }

    /// <summary>The policy.</summary>
    public RestartPolicy Read()
    {
        foreach (string name in _given.Where(g => !Belongs(g, _policy)))
            words.Problems.Add($"{name} means nothing with {StorageOption.Restart} {_policy}; leave it out, or choose another policy");
        try
        {
            return Policy().Validated();
        }
        catch (ArgumentException wrong)
        {
            words.Problems.Add($"{StorageOption.Restart} {_policy}: {wrong.Message}");
            return RestartPolicy.Default;
        }
    }

    static bool Belongs(string name, string policy) => name switch
    {
        StorageOption.RestartAttempts or StorageOption.RestartDelay => policy != None,
        StorageOption.RestartDelayMax or StorageOption.RestartMultiplier or StorageOption.RestartJitter => policy == Exponential,
        _ => policy == Rate,
    };

    RestartPolicy Policy()
    {
        switch (_policy)
        {
            case Fixed:
                RestartPolicy.FixedDelay same = new();
                return same with { Attempts = _attempts ?? same.Attempts, Delay = _delay ?? same.Delay };
            case Rate:
                RestartPolicy.FailureRate rate = new();
                return rate with { Failures = _attempts ?? rate.Failures, Delay = _delay ?? rate.Delay, Interval = _interval ?? rate.Interval };
            case None:
                return new RestartPolicy.None();
            default:
                RestartPolicy.ExponentialDelay growing = new();
                return growing with
                {
                    AttemptsMax = _attempts, Initial = _delay ?? growing.Initial, Max = _delayMax ?? growing.Max,
                    Multiplier = _multiplier ?? growing.Multiplier, Jitter = _jitter ?? growing.Jitter,
                };
        }
    }
}
