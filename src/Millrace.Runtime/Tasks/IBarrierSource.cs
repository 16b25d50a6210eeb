namespace Millrace.Runtime.Tasks;

/// <summary>Where barriers enter the stream.</summary>
public interface IBarrierSource
{
    /// <summary>Puts a barrier between two records, soon. Thread-safe.</summary>
    void Trigger(Barrier barrier);
}
