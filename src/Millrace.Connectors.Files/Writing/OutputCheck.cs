namespace Millrace.Connectors.Files;

/// <summary>Refuses outputs that cannot be written as promised.</summary>
static class OutputCheck
{
    /// <exception cref="SinkRefusedException">The message names the path and the cure.</exception>
    public static void Check(OutputTarget target, SinkContext context, bool keepsExisting, bool hasBuckets)
    {
        CheckParallelism(target, context.OperatorId, context.Parallelism);
        if (target.SingleFile is null && File.Exists(target.GivenPath))
            throw new SinkRefusedException($"'{context.OperatorId}' is to write into the folder '{target.GivenPath}', which is a file. Move it, or give another path.");
        CheckWritable(target, context);
        bool isNew = context.IsFresh && EarlierOutput.MarkOf(target, context) is null;
        if (keepsExisting && isNew && target.FindVisible(hasBuckets).Count > 0)
            throw new SinkRefusedException($"'{target.GivenPath}' has output of an earlier run. Move it, give another path, or leave out .KeepExisting().");
    }

    /// <exception cref="SinkRefusedException">The path names one file, and there are several instances.</exception>
    public static void CheckParallelism(OutputTarget target, string operatorId, int parallelism)
    {
        if (target.SingleFile is null || parallelism == 1) return;
        throw new SinkRefusedException(
            $"'{operatorId}' is to write the file '{target.GivenPath}' from {parallelism} parallel instances. Run the sink in one "
            + "(.Sink(…).WithParallelism(1)), or give it a folder, in which each writes files of its own.");
    }

    static void CheckWritable(OutputTarget target, SinkContext context)
    {
        string probe = target.PathOf($"{OutputTarget.Hidden(context)}/{Deployment.Of(context)}~probe");
        try
        {
            HiddenFile.Write(probe, "");
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SinkRefusedException(
                $"'{context.OperatorId}' cannot write '{target.GivenPath}': {e.Message} Make '{target.Folder}' a folder in which this program may make files, "
                + "or give another path.");
        }
    }
}
