using System.Diagnostics.CodeAnalysis;

namespace Millrace.Testing.Stores;

/// <summary>The calls of a store.</summary>
[Experimental("MR9001")]
public enum StoreVerb
{
    /// <summary>Create unless there is one.</summary>
    Create,

    /// <summary>Replace.</summary>
    Put,

    /// <summary>Read all of it.</summary>
    Get,

    /// <summary>Read a range.</summary>
    Read,

    /// <summary>Ask for the length.</summary>
    Length,

    /// <summary>Begin an upload.</summary>
    BeginUpload,

    /// <summary>Write a piece of it.</summary>
    WriteUpload,

    /// <summary>Make it visible.</summary>
    CompleteUpload,

    /// <summary>Delete.</summary>
    Delete,

    /// <summary>List.</summary>
    List,
}

/// <summary>One call of a store.</summary>
/// <param name="Index">The first is 0.</param>
/// <param name="Verb">What was asked.</param>
/// <param name="Key">Of what; the prefix of a listing.</param>
/// <param name="Bytes">Bytes given, or room for bytes to read.</param>
[Experimental("MR9001")]
public sealed record StoreCall(int Index, StoreVerb Verb, string Key, int Bytes)
{
    /// <summary>True when it can change what the store holds.</summary>
    public bool IsWrite => Verb is StoreVerb.Create or StoreVerb.Put or StoreVerb.CompleteUpload or StoreVerb.Delete;

    /// <summary>For people: <c>call 17: Create terms/3 (120 bytes)</c>.</summary>
    public override string ToString() => $"call {Index}: {Verb} {Key} ({Bytes} bytes)";
}

/// <summary>What became of a call.</summary>
/// <param name="Call">The call.</param>
/// <param name="Fault">What the plan did to it.</param>
/// <param name="IsApplied">Whether it was carried out; a late one has a second line when it is.</param>
/// <param name="Outcome">What was answered, or the failure.</param>
[Experimental("MR9001")]
public sealed record StoreEffect(StoreCall Call, StoreFault Fault, bool IsApplied, string Outcome)
{
    /// <summary>For people.</summary>
    public override string ToString() => $"{Call} -> {Outcome}{(Fault is StoreFault.None ? "" : $" [{Fault.GetType().Name}{(IsApplied ? "" : ", not applied")}]")}";
}
