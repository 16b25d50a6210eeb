namespace Millrace;

/// <summary>
/// Declares the state of a function that is not keyed, in its constructor only: lists that belong to a parallel instance, and are dealt
/// out anew when the job is restored with another parallelism. Names are unique within the operator and are what a later version of
/// the program finds its state by. Such state is kept small: it is written with every checkpoint.
/// </summary>
public abstract class OperatorScope
{
    /// <summary>A list whose elements are dealt out over all instances: each element belongs to one.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract OperatorList<T> SplitList<T>(string name);

    /// <summary>A list of which every instance gets the elements of all instances after a restore.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract OperatorList<T> UnionList<T>(string name);

    /// <summary>
    /// A list that is the same in all instances, because all of them see the same records (<see cref="DataStream{T}.Broadcast"/>): one
    /// instance's is stored, and every instance gets it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract OperatorList<T> BroadcastList<T>(string name);
}

/// <summary>
/// A list of one parallel instance of an operator. Filled before the function is opened; used by one thread at a time. An element that is
/// an object must not be changed once it was added or after it was read.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
public abstract class OperatorList<T>
{
    /// <summary>How many elements there are.</summary>
    public abstract int Count { get; }

    /// <summary>An element by position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none at this position.</exception>
    public abstract T this[int index] { get; set; }

    /// <summary>Appends an element.</summary>
    public abstract void Add(T value);

    /// <summary>Removes all elements.</summary>
    public abstract void Clear();

    /// <summary>A copy of all elements in order.</summary>
    public abstract T[] ToArray();
}
