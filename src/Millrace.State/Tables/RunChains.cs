using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>
/// Which runs of a state are confirmed, and what the next snapshot has to say on top of them. Nothing is built on a snapshot that is not
/// confirmed, and what one that was not confirmed would have made of the chains is kept until it is, or never will be.
/// </summary>
sealed class RunChains
{
    readonly List<(long Id, Chains After)> _unconfirmed = [];
    Chains _confirmed = new(default, [], MustCover: false);
    long _confirmedId;

    /// <summary>The chains of all slices after a snapshot.</summary>
    /// <param name="Owned">What they speak for.</param>
    /// <param name="Slices">One chain per slice, oldest run first.</param>
    /// <param name="MustCover">Whether there may be earlier runs that are not known here: the next ones are written whole, even if empty.</param>
    sealed record Chains(KeyRange Owned, RunLink[][] Slices, bool MustCover);

    /// <summary>The state was restored: the runs it came from are not known.</summary>
    public void Forget()
    {
        _confirmed = new(default, [], MustCover: true);
        _unconfirmed.Clear();
        _confirmedId = 0;
    }

    /// <summary>Plans a snapshot.</summary>
    /// <param name="cut">The snapshot.</param>
    /// <param name="epoch">The epoch that ends with it.</param>
    /// <param name="isSmall">Whether the state is so small that it is written whole.</param>
    /// <param name="deletionsKnownSince">Snapshots of earlier epochs cannot be built on, since not all deletions since are known.</param>
    public CutPlan Plan(in RowsCut cut, uint epoch, bool isSmall, uint deletionsKnownSince)
    {
        Confirm(cut.Confirmed);
        int count = isSmall || cut.Owned.Size < CutPlan.SlicesMax ? 1 : CutPlan.SlicesMax;
        bool isSame = _confirmed.Slices.Length == count && _confirmed.Owned == cut.Owned;
        bool mustCover = _confirmed.MustCover || (!isSame && _confirmed.Slices.Length > 0);
        SlicePlan[] slices = new SlicePlan[count];
        for (int i = 0; i < count; i++)
        {
            RunLink[] chain = isSame ? _confirmed.Slices[i] : [];
            int first = i * (ChainNumbers.FullEvery / CutPlan.SlicesMax);
            long worn = cut.Worn;
            bool isWorn = worn != 0 && Array.Exists(chain, link => link.Id == worn);
            (RunLink[] kept, int number) = count == 1 || cut.IsFull || isWorn || chain.Length == 0 ? ([], first) : Next(chain);
            if (kept.Length > 0 && kept[^1].Epoch < deletionsKnownSince) (kept, number) = ([], first);
            slices[i] = new(CutPlan.RangeOf(cut.Owned, i, count), chain, kept, number)
            {
                IsWanted = mustCover || isWorn || (cut.IsFull && chain.Length > 0),
                NeededAfter = NeededAfter(cut.Owned, i, count, epoch),
                HasChanged = chain.Length > 0 && chain[^1].Epoch < deletionsKnownSince,
            };
        }

        return new(cut.Id, cut.Owned, slices);
    }

    /// <summary>A snapshot was captured as planned.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="epoch">The epoch that ended with it.</param>
    /// <param name="isWritten">Which slices have a run in it.</param>
    public void OnTaken(CutPlan plan, uint epoch, ReadOnlySpan<bool> isWritten)
    {
        var chains = new RunLink[plan.Slices.Length][];
        for (int i = 0; i < chains.Length; i++)
        {
            chains[i] = plan.Slices[i].After(isWritten[i], plan.Id, epoch);
            Invariant.That(chains[i].Length <= ChainNumbers.DeltasMax + 1, "a chain has seven runs at most");
        }

        // One that is forgotten here and confirmed after all is unknown, and then everything is written once.
        if (_unconfirmed.Count == TableLimits.UnconfirmedMax) _unconfirmed.RemoveAt(0);
        _unconfirmed.Add((plan.Id, new(plan.Owned, chains, MustCover: false)));
    }

    void Confirm(long id)
    {
        if (id == _confirmedId) return;
        int at = _unconfirmed.FindIndex(u => u.Id == id);
        _confirmed = at >= 0 ? _unconfirmed[at].After : new(default, [], MustCover: true);
        _unconfirmed.RemoveAll(u => u.Id <= id);
        _confirmedId = id;
    }

    static (RunLink[] Kept, int Number) Next(RunLink[] chain)
    {
        int number = chain[^1].Number + 1;
        if (number >= ChainNumbers.FullEvery) return ([], 0);
        return (chain[..(IndexOf(chain, ChainNumbers.BaseOf(number)) + 1)], number);
    }

    /// <summary>The newest run that is not after a number. A chain that began in the middle, to be out of step with its neighbours, has its full one for all before.</summary>
    static int IndexOf(RunLink[] chain, int number)
    {
        int index = chain.Length - 1;
        while (index > 0 && chain[index].Number > number) index--;
        return index;
    }

    /// <summary>The end of the earliest epoch that a later snapshot may build on, whichever of those not confirmed yet will be.</summary>
    uint NeededAfter(KeyRange owned, int slice, int count, uint epoch)
    {
        uint needed = Needed(_confirmed, owned, slice, count, epoch);
        foreach ((_, Chains after) in _unconfirmed) needed = Math.Min(needed, Needed(after, owned, slice, count, epoch));
        return needed;
    }

    static uint Needed(Chains chains, KeyRange owned, int slice, int count, uint epoch)
    {
        if (chains.Slices.Length == 0) return epoch;
        if (chains.Slices.Length != count || chains.Owned != owned) return 0;
        RunLink[] chain = chains.Slices[slice];
        if (chain.Length == 0) return epoch;
        // The newest one tells, besides, whether anything has changed.
        if (count == 1) return chain[^1].Epoch;
        return chain[IndexOf(chain, Math.Min(chain[^1].Number, ChainNumbers.LowestBaseAfter(chain[^1].Number)))].Epoch;
    }
}
