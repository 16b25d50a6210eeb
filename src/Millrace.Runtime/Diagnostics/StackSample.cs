using System.Buffers.Binary;

namespace Millrace.Runtime.Diagnostics;

/// <summary>The stack of one thread, first addresses, then names as the runtime lists its methods.</summary>
sealed class StackSample(int threadId)
{
    ulong[] _addresses = [];
    string?[] _names = [];

    /// <summary>The thread whose stack is wanted.</summary>
    public int ThreadId => threadId;

    /// <summary>Whether the thread has been sampled and runs managed code.</summary>
    public bool Found => _addresses.Length > 0;

    /// <summary>Takes a stack, innermost address first; a later one replaces an earlier.</summary>
    public void SetStack(ReadOnlySpan<byte> stack)
    {
        if (stack.Length < sizeof(ulong))
        {
            return;
        }

        _addresses = new ulong[stack.Length / sizeof(ulong)];
        _names = new string?[_addresses.Length];
        for (int i = 0; i < _addresses.Length; i++)
        {
            _addresses[i] = BinaryPrimitives.ReadUInt64LittleEndian(stack[(i * sizeof(ulong))..]);
        }
    }

    /// <summary>Names the addresses that lie in a method.</summary>
    /// <param name="start">Where its code starts.</param>
    /// <param name="size">Of its code.</param>
    /// <param name="text">Type, name and signature; read only when an address is found.</param>
    public void AddMethod(ulong start, uint size, SpanReader text)
    {
        string? name = null;
        for (int i = 0; i < _addresses.Length; i++)
        {
            // A caller's address is where the call returns to, which may lie just behind the method's last instruction.
            ulong address = i == 0 ? _addresses[i] : _addresses[i] - 1;
            if (address - start < size)
            {
                name ??= Name(text.Text(), text.Text(), text.Text());
                _names[i] = name;
            }
        }
    }

    /// <summary>The stack as lines to print, innermost first.</summary>
    public IReadOnlyList<string> Frames() =>
        [.. _names.Select((name, i) => $"   at {name ?? $"0x{_addresses[i]:x} (unknown method)"}")];

    // "instance void  (class System.String,int32)" is how the runtime writes a signature; what comes before is noise here.
    static string Name(string type, string method, string signature)
    {
        int open = signature.IndexOf('(');
        string parameters = open < 0 ? "()" : signature[open..]
            .Replace("value class ", "", StringComparison.Ordinal)
            .Replace("class ", "", StringComparison.Ordinal)
            .Replace(",", ", ", StringComparison.Ordinal);
        return $"{type}.{method}{parameters}";
    }
}
