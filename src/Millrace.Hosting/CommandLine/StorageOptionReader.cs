using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Reads the options that say where the state of a job is, and what becomes of it. Used once.</summary>
internal sealed class StorageOptionReader(OptionWords words)
{
    static readonly TimeSpan s_day = TimeSpan.FromHours(24);

    readonly RestartOptionReader _restart = new(words);
    readonly List<string> _drops = [], _inFlightDrops = [], _given = [];
    readonly List<StateRename> _renames = [];
    StoreAddress? _address, _savepoints;
    CheckpointOptions _checkpoints = new();
    StorageCommand _rest = new() { Address = null!, Savepoints = null! };
    TimeSpan? _takeoverAfter;

    /// <summary>Takes an option with its value, if it is one of these.</summary>
    public bool TryTake(string name, string? value)
    {
        if (StorageOption.All.All(o => o.Name != name)) return false;
        _given.Add(name);
        if (!TakePlace(name, value) && !TakeFlag(name, value) && !TakeCheckpoint(name, value)) _restart.Take(name, value);
        return true;
    }

    /// <summary>What was given; null when the job keeps no state.</summary>
    public StorageCommand? Read(HostVerb verb)
    {
        if (_address is null)
        {
            if (_given.Find(static g => g != StorageOption.Storage) is { } given)
                words.Problems.Add($"{given} is about a job that keeps its state: add --storage ADDRESS, such as --storage ./state");
            else if (verb is not (HostVerb.Run or HostVerb.SchemaWrite or HostVerb.SchemaCheck) && !_given.Contains(StorageOption.Storage))
                words.Problems.Add($"{verb.ToString().ToLowerInvariant()} looks for the job where it keeps its state: add --storage ADDRESS");
            return null;
        }

        if (_checkpoints is { MaxConcurrent: > 1, MayOvertake: true })
            words.Problems.Add($"{StorageOption.MaxConcurrent} is {_checkpoints.MaxConcurrent}, and barriers may overtake records: add {StorageOption.AlignTimeout} never, or take one checkpoint at a time");
        TimeSpan takeover = new[] { TimeSpan.FromSeconds(30), _checkpoints.Interval * 3 }.Max();
        return _rest with
        {
            Address = _address,
            Savepoints = _savepoints ?? _address.Combine("savepoints"),
            Checkpoints = _checkpoints,
            Restart = _restart.Read(),
            Drops = _drops,
            InFlightDrops = _inFlightDrops,
            Renames = _renames,
            TakeoverAfter = _takeoverAfter ?? takeover,
        };
    }

    /// <summary>Reads an address; null when there is something wrong with it.</summary>
    public static StoreAddress? Address(OptionWords words, string name, string? value)
    {
        if (words.Value(name, value, "a folder (./state) or a bucket (s3://bucket/prefix)") is not { } text) return null;
        try
        {
            return StoreAddress.Parse(text);
        }
        catch (FormatException wrong)
        {
            words.Problems.Add($"{name}: {wrong.Message}");
            return null;
        }
    }

    bool TakePlace(string name, string? value)
    {
        switch (name)
        {
            case StorageOption.Storage: _address = Address(words, name, value); return true;
            case StorageOption.Savepoints: _savepoints = Address(words, name, value); return true;
            case StorageOption.From: _rest = _rest with { From = From(value) }; return true;
            case StorageOption.DropState: AddTo(_drops, name, value); return true;
            case StorageOption.DropInFlight: AddTo(_inFlightDrops, name, value); return true;
            case StorageOption.RenameState: Rename(value); return true;
            default: return false;
        }
    }

    bool TakeFlag(string name, string? value)
    {
        StorageCommand? with = name switch
        {
            StorageOption.Rewind => _rest with { IsRewind = true },
            StorageOption.Claim => _rest with { IsClaim = true },
            StorageOption.AcceptDuplicates => _rest with { AcceptsDuplicates = true },
            StorageOption.AcceptDrained => _rest with { AcceptsDrained = true },
            StorageOption.LogCheckpoints => _rest with { LogsCheckpoints = true },
            StorageOption.Standby => _rest with { IsStandby = true },
            _ => null,
        };
        if (with is null) return false;
        if (value is not null) words.Problems.Add($"{name} takes no value; leave out '={value}'");
        _rest = with;
        return true;
    }

    bool TakeCheckpoint(string name, string? value)
    {
        CheckpointOptions now = _checkpoints;
        switch (name)
        {
            case StorageOption.CheckpointInterval:
                _checkpoints = now with { Interval = words.Time(name, value, TimeSpan.FromMilliseconds(10), s_day) ?? now.Interval };
                return true;
            case StorageOption.CheckpointTimeout:
                _checkpoints = now with { Timeout = words.Time(name, value, TimeSpan.FromMilliseconds(100), s_day) ?? now.Timeout };
                return true;
            case StorageOption.MinPause:
                _checkpoints = now with { MinPause = words.Time(name, value, TimeSpan.Zero, s_day) ?? now.MinPause };
                return true;
            case StorageOption.ToleratedFailures:
                _checkpoints = now with { ToleratedFailures = words.Number(name, value, 0, int.MaxValue, now.ToleratedFailures) };
                return true;
            case StorageOption.Retained:
                _checkpoints = now with { Retained = words.Number(name, value, 1, 100, now.Retained) };
                return true;
            case StorageOption.MaxConcurrent:
                _checkpoints = now with { MaxConcurrent = words.Number(name, value, 1, 8, now.MaxConcurrent) };
                return true;
            case StorageOption.RetainedOnCancel:
                _checkpoints = now with { IsRetainedOnCancel = IsYes(name, value) };
                return true;
            case StorageOption.RetainedOnFailure:
                _checkpoints = now with { IsRetainedOnFailure = IsYes(name, value) };
                return true;
            case StorageOption.Alignment:
                _checkpoints = now with { Alignment = AlignmentOf(value) };
                return true;
            case StorageOption.AlignTimeout:
                _checkpoints = now with
                {
                    AlignTimeout = value == "never" || (value is null && words.Optional("never") is not null) ? Timeout.InfiniteTimeSpan
                        : words.Time(name, value, TimeSpan.FromMilliseconds(1), s_day) ?? now.AlignTimeout,
                };
                return true;
            case StorageOption.Compression:
                _rest = _rest with { Compression = CompressionOf(value) };
                return true;
            case StorageOption.TakeoverAfter:
                _takeoverAfter = words.Time(name, value, TimeSpan.FromSeconds(1), s_day);
                return true;
            default:
                return false;
        }
    }

    bool IsYes(string name, string? value) => words.Choice(name, value, "yes", "no") != "no";

    SnapshotCompression? CompressionOf(string? value) => words.Choice(StorageOption.Compression, value, "auto", "none", "lz4") switch
    {
        "none" => SnapshotCompression.None,
        "lz4" => SnapshotCompression.Fast,
        _ => null,
    };

    Alignment AlignmentOf(string? value) => words.Choice(StorageOption.Alignment, value, "aligned", "unaligned", "at-least-once") switch
    {
        "unaligned" => Alignment.Unaligned,
        "at-least-once" => Alignment.AtLeastOnce,
        _ => Alignment.Aligned,
    };

    /// <summary>Paths are made whole, so that they mean the same when the job goes on in another folder.</summary>
    StartFrom From(string? value)
    {
        const string Choices = "fresh, latest, latest-savepoint, or the path or URL of a snapshot";
        if (words.Value(StorageOption.From, value, Choices) is not { } text) return new StartFrom.Unsaid();
        if (StartFrom.Parse(text) is not StartFrom.Address address) return StartFrom.Parse(text);
        return Address(words, StorageOption.From, address.Folder) is { } whole ? new StartFrom.Address(whole.ToString()) : new StartFrom.Unsaid();
    }

    void AddTo(List<string> names, string name, string? value)
    {
        if (words.Value(name, value, "the id of an operator") is { } text) names.Add(text);
    }

    void Rename(string? value)
    {
        if (words.Value(StorageOption.RenameState, value, "old=new, the ids of two operators") is not { } text) return;
        string[] parts = text.Split('=');
        if (parts is [{ Length: > 0 } from, { Length: > 0 } to]) _renames.Add(new(from, to));
        else words.Problems.Add($"{StorageOption.RenameState} is '{text}'; give old=new, the ids of two operators");
    }
}
