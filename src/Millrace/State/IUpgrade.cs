namespace Millrace;

/// <summary>
/// Makes values of a type from values of an older form of it, where adding, removing, renaming and widening are not enough: <c>Money : IUpgrade&lt;Money, decimal&gt;</c>,
/// or <c>Order : IUpgrade&lt;Order, OrderV1&gt;</c> after the older form was given a name of its own. State that was written as the older form is read as that and
/// upgraded, wherever the type occurs in it except in keys. The older form may have one too: such chains are followed as far as needed.
/// </summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
/// <typeparam name="TOld">The older form. What it is called does not matter; its members must fit what was written as those of any type.</typeparam>
public interface IUpgrade<TSelf, TOld> where TSelf : IUpgrade<TSelf, TOld>
{
    /// <summary>Makes the value. Called once for each value that was written as the older form, while state is restored, by any thread; must be pure.</summary>
    /// <param name="old">The value as it was written; never null.</param>
    /// <returns>The value from now on.</returns>
    static abstract TSelf Upgrade(TOld old);
}
