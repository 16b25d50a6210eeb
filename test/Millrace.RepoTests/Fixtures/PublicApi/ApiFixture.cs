using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;

namespace N
{
    public interface IJob<in TIn, out TOut> where TIn : notnull
    {
        static abstract void Define(TIn input);

        TOut? Result { get; }
    }

    public delegate void Adder<TSum, T>(ref TSum sum, in T value) where T : struct;

    public abstract class Source<T> : IDisposable where T : class, new()
    {
        protected Source(string id, int size = 3) { }

        internal Source() { }

        public const int Most = 4;

        public required string Name { get; init; }

        public int Count { get; protected set; }

        public string? Hidden { get; private set; }

        public T? this[int index] => null;

        public event Action? Ended { add { } remove { } }

        public virtual IReadOnlyList<string?> Read(ReadOnlySpan<byte> bytes, params object[] rest) => [];

        public abstract bool TryRead([NotNullWhen(true)] out T? value);

        protected internal ref readonly int Peek() => throw new NotSupportedException();

        private protected void Secret() { }

        public void Dispose() { }

        [Experimental("MR9001")]
        public void Engine() { }

        [Experimental("MR1234")]
        public void Soon() { }

        [Obsolete("gone soon")]
        public void Old() { }

        public static implicit operator string(Source<T> source) => source.Name;

        public enum Kind : byte { Slow = 1, Fast }

        internal sealed class Inner;
    }

    public sealed record Revenue(string Region, decimal Total);

    public readonly ref struct Output<T>
    {
        public (int Left, T Right) Emit() => default;
    }

    public static class Extensions
    {
        public static int Twice(this int value) => 2 * value;

        extension(string text)
        {
            public bool IsLong => text.Length > 9;
        }
    }

    [Experimental("MR9001")]
    public sealed class ForTheEngine
    {
        public sealed class Nested;
    }

    internal sealed class Unseen;
}

namespace M
{
    public sealed class Sealed
    {
        public Sealed() { }
    }
}
