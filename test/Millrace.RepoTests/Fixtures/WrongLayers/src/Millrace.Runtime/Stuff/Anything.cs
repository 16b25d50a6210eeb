// The folder has no line in eng/layers.txt: planted
namespace Millrace.Runtime.Stuff;

public sealed class Anything;
