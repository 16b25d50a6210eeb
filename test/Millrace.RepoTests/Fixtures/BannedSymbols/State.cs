using System;
using System.Collections.Generic;

public readonly record struct Place(int Hash);

public static class Placing
{
    public static int OfObject(object key) => key.GetHashCode(); // planted
    public static int OfString(string key) => key.GetHashCode(); // planted
    public static int OfNumber(long key) => key.GetHashCode(); // planted
    public static int OfMany(int a, int b) => HashCode.Combine(a, b); // planted

    public static int InMemory<T>(T key) where T : notnull => EqualityComparer<T>.Default.GetHashCode(key);
    public static bool Same(Place a, Place b) => a == b;
}
