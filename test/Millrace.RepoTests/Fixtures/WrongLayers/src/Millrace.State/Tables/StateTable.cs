using Millrace.Runtime.Operators; // planted

namespace Millrace.State.Tables;

public sealed class StateTable<T>
{
    public MapOperator? Owner; // planted
}
