namespace Millrace;

/// <summary>A key and the value an operator keeps for it.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TValue">The value type.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
public readonly record struct KeyValue<TKey, TValue>(TKey Key, TValue Value);
