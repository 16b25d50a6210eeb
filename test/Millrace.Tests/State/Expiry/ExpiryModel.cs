namespace Millrace.Tests.State.Expiry;

/// <summary>Every kind of state with a TTL as dictionaries with times, from which what is over is taken before anything else is done.</summary>
sealed class ExpiryModel(StateTtl? ttl)
{
    readonly SortedDictionary<int, KeyModel> _keys = [];
    long _stamp;
    long _expired;

    public long Now { get; private set; }

    /// <summary>How many values, elements and entries went because their time was over.</summary>
    public long Expired
    {
        get
        {
            foreach (KeyModel key in _keys.Values) Purge(key);
            return _expired;
        }
    }

    public void AdvanceTo(long now) => Now = _stamp = Math.Max(now, Now);

    public void Attribute(long recordTime) => _stamp = Math.Max(recordTime, Now);

    public KeyModel On(int key)
    {
        if (!_keys.TryGetValue(key, out KeyModel? model)) _keys.Add(key, model = new());
        Purge(model);
        return model;
    }

    public void Set(List<Item> cell, string? value)
    {
        long stamp = cell.Count > 0 ? Math.Max(cell[0].Stamp, _stamp) : _stamp;
        cell.Clear();
        cell.Add(new(0, value, stamp));
    }

    public void Add(List<Item> list, string value) => list.Add(new(0, value, _stamp));

    public void SetEntry(List<Item> map, int mapKey, string value)
    {
        int at = map.FindIndex(e => e.MapKey == mapKey);
        if (at < 0) map.Add(new(mapKey, value, _stamp));
        else map[at] = new(mapKey, value, Math.Max(map[at].Stamp, _stamp));
    }

    /// <summary>Some or all items were read.</summary>
    public void Read(List<Item> cell, Predicate<Item>? which = null)
    {
        if (ttl is not { Refresh: TtlRefresh.OnReadAndWrite }) return;
        for (int i = 0; i < cell.Count; i++)
        {
            if (which is null || which(cell[i])) cell[i] = cell[i] with { Stamp = Math.Max(cell[i].Stamp, _stamp) };
        }
    }

    /// <summary>The same as it is now, under another TTL.</summary>
    public ExpiryModel Restored(StateTtl? declared)
    {
        ExpiryModel restored = new(declared) { Now = Now, _stamp = Now };
        foreach ((int key, KeyModel model) in _keys)
        {
            Purge(model);
            KeyModel copy = restored.On(key);
            foreach ((List<Item> from, List<Item> to) in model.Cells().Zip(copy.Cells()))
                to.AddRange(from.Select(i => i with { Stamp = ttl is not null && declared?.Time == ttl.Time ? i.Stamp : Now }));
        }

        return restored;
    }

    public List<string> Dump()
    {
        List<string> lines = [];
        foreach ((int key, KeyModel model) in _keys)
        {
            Purge(model);
            if (model.Value.Count > 0) lines.Add($"value {key} {model.Value[0].Text ?? "null"}");
            if (model.Box.Count > 0) lines.Add($"box {key} {model.Box[0].Text}");
            if (model.List.Count > 0) lines.Add($"list {key} {string.Join(',', model.List.Select(static i => i.Text))}");
            if (model.Map.Count > 0) lines.Add($"map {key} {string.Join(',', model.Map.Select(static i => $"{i.MapKey}={i.Text}"))}");
            if (model.Sum.Count > 0) lines.Add($"sum {key} {model.Sum[0].Text}");
            if (model.All.Count > 0) lines.Add($"all {key} {model.All[0].Text}");
        }

        return lines;
    }

    void Purge(KeyModel key) => _expired += key.Cells().Sum(cell => cell.RemoveAll(IsOver));

    bool IsOver(Item item) => ttl is not null && item.Stamp + ttl.Lifetime.Ticks <= Now;
}

/// <summary>A value, element or entry.</summary>
sealed record Item(int MapKey, string? Text, long Stamp);

/// <summary>What one key has: each kind as items, at most one where there is one value.</summary>
sealed class KeyModel
{
    public List<Item> Value { get; } = [];

    public List<Item> Box { get; } = [];

    public List<Item> List { get; } = [];

    public List<Item> Map { get; } = [];

    public List<Item> Sum { get; } = [];

    public List<Item> All { get; } = [];

    public List<Item>[] Cells() => [Value, Box, List, Map, Sum, All];
}
