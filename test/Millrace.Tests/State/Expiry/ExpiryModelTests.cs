using System.Globalization;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.State.Expiry;

/// <summary>Every kind of state with a TTL beside a model, under random commands, passing time, sweeps, snapshots, restores and rescaling.</summary>
public sealed class ExpiryModelTests
{
    public static TheoryData<int, TtlTime, TtlRefresh, int, int> Plays()
    {
        TheoryData<int, TtlTime, TtlRefresh, int, int> plays = [];
        foreach (TtlTime time in Enum.GetValues<TtlTime>())
        {
            foreach (TtlRefresh refresh in Enum.GetValues<TtlRefresh>())
            {
                for (int seed = 1; seed <= 3; seed++) plays.Add(seed, time, refresh, 8, 30);
                plays.Add(5, time, refresh, 300, 15);
                if (refresh == TtlRefresh.OnWrite) plays.Add(6, time, refresh, 6_000, 6);
            }
        }

        return plays;
    }

    [Theory]
    [MemberData(nameof(Plays))]
    public void AnyCommands_WithSnapshotsAndRestores_AreThoseOfTheModel(int seed, TtlTime time, TtlRefresh refresh, int keys, int rounds) =>
        new Play<Int32KeyOps>(seed, Ttl(time, 1_000, refresh), keys).Run(rounds);

    [Theory]
    [InlineData(TtlTime.EventTime)]
    [InlineData(TtlTime.ProcessingTime)]
    public void KeysWithOneHash_AreThoseOfTheModel(TtlTime time) =>
        new Play<CollidingOps>(7, Ttl(time, 1_000, TtlRefresh.OnReadAndWrite), 12).Run(15);

    static StateTtl Ttl(TtlTime time, long ticks, TtlRefresh refresh) =>
        (time == TtlTime.EventTime ? StateTtl.EventTime(new(ticks)) : StateTtl.ProcessingTime(new(ticks))) with { Refresh = refresh };

    sealed class Play<TOps>(int seed, StateTtl first, int keys) where TOps : struct, IKeyOps<int>
    {
        readonly Random _random = new(seed);
        readonly StateTtl _first = first;
        StateTtl? _ttl = first;
        ExpiryModel _model = new(first);
        ExpiringInstance<TOps> _instance = new(first, first.Time, 0);
        bool _isRestored;

        public void Run(int rounds)
        {
            RunStore[] stores = [.. _instance.Rows.Select(static _ => new RunStore())];
            long confirmed = 0;
            for (long id = 1; id <= rounds; id++)
            {
                Write(_random.Next(keys * 4));
                StateSchema[] written = [.. _instance.Rows.Select(static r => r.Schema)];
                ExpiryModel atBarrier = _model.Restored(_ttl);
                long cut = _model.Now;
                _instance.Take(stores, id, confirmed, KeyRange.Full, isFull: _random.Next(10) == 0, () => Write(_random.Next(30)));
                CheckRestored(stores, written, id, cut, atBarrier);
                if (_random.Next(4) > 0) confirmed = id;
                if (_random.Next(6) > 0) continue;
                // A restart, perhaps with another TTL: whatever came after the barrier is forgotten.
                StateTtl? next = Next();
                (_model, _ttl) = (atBarrier.Restored(next), next);
                _instance = Restore(stores, written, id, KeyRange.Full, cut, next);
                _isRestored = true;
                confirmed = id;
            }

            End();
        }

        void CheckRestored(RunStore[] stores, StateSchema[] written, long id, long cut, ExpiryModel atBarrier)
        {
            StateTtl? other = Next();
            List<string> expected = atBarrier.Restored(other).Dump();
            Assert.Equal(expected, Restore(stores, written, id, KeyRange.Full, cut, other).Dump(keys));
            int parallelism = _random.Next(2, 6);
            IEnumerable<string> rescaled = Enumerable.Range(0, parallelism)
                .SelectMany(i => Restore(stores, written, id, KeyRange.Of(i, parallelism), cut, other).Dump(keys));
            Assert.Equal(expected.Order(StringComparer.Ordinal), rescaled.Order(StringComparer.Ordinal));
        }

        /// <summary>The TTL of the next start: mostly the same.</summary>
        StateTtl? Next() => _random.Next(12) switch
        {
            0 => null,
            1 => Ttl(_first.Time, 400, _first.Refresh),
            2 => Ttl(_first.Time, 3_000, _first.Refresh),
            3 => Ttl(_first.Time, 1_000, TtlRefresh.OnReadAndWrite),
            _ => _first,
        };

        ExpiringInstance<TOps> Restore(RunStore[] stores, StateSchema[] written, long id, KeyRange range, long cut, StateTtl? declared)
        {
            ExpiringInstance<TOps> instance = new(declared, _first.Time, cut);
            for (int i = 0; i < stores.Length; i++) stores[i].Restore(id, range, instance.Rows[i], instance.From(i, written[i], cut));
            instance.State.OnRestored(_first.Time == TtlTime.EventTime ? new(cut) : Timestamp.None);
            instance.AdvanceTo(cut);
            return instance;
        }

        /// <summary>Once all time is over nothing is left, and everything that went was counted once.</summary>
        void End()
        {
            if (_ttl is null) return;
            Assert.Equal(_model.Dump(), _instance.Dump(keys));
            Advance(10_000);
            _instance.SweepAll();
            Assert.Empty(_instance.Dump(keys));
            if (!_isRestored) Assert.Equal(_model.Expired, _instance.State.Expired);
            RunStore[] stores = [.. _instance.Rows.Select(static _ => new RunStore())];
            _instance.Take(stores, 1, 0, KeyRange.Full, isFull: true);
            Assert.All(stores, static store => Assert.Equal(0, store.RowsWritten));
        }

        void Advance(long by)
        {
            long now = _model.Now + by;
            _model.AdvanceTo(now);
            _instance.AdvanceTo(now);
        }

        void Write(int operations)
        {
            for (int i = 0; i < operations; i++)
            {
                switch (_random.Next(60))
                {
                    case 0: Advance(_random.Next(1_500)); break;
                    case < 8: Advance(_random.Next(60)); break;
                    case < 14: _instance.State.Sweep(); break;
                    default: Act(_random.Next(keys)); break;
                }
            }
        }

        void Act(int key)
        {
            _instance.On(key);
            KeyModel model = _model.On(key);
            if (_ttl is { Time: TtlTime.EventTime })
            {
                // Late, in time, or from an instance that is ahead.
                long recordTime = _model.Now + _random.Next(-300, 300);
                _instance.State.Attribute(new(recordTime));
                _model.Attribute(recordTime);
            }

            int number = _random.Next(1_000);
            if (!ActOnValues(model, number)) ActOnCollections(model, number);
        }

        bool ActOnValues(KeyModel model, int number)
        {
            string text = number.ToString(CultureInfo.InvariantCulture);
            switch (_random.Next(18))
            {
                case 0: _instance.Value.Set(text); _model.Set(model.Value, text); return true;
                case 1: _instance.Value.Set(null); _model.Set(model.Value, null); return true;
                case 2:
                    Assert.Equal(model.Value.Count > 0, _instance.Value.TryGet(out string? value));
                    Assert.Equal(model.Value.Count > 0 ? model.Value[0].Text : null, value);
                    _model.Read(model.Value);
                    return true;
                case 3 when number < 300: _instance.Value.Clear(); _instance.Sum.Clear(); model.Value.Clear(); model.Sum.Clear(); return true;
                case 4: _instance.Box.Set(new() { Number = number }); _model.Set(model.Box, text); return true;
                case 5 when _instance.Box.TryGet(out Box? box):
                    // What was read may be changed in place, and is part of the next snapshot then.
                    box.Number = number;
                    _model.Read(model.Box);
                    model.Box[0] = model.Box[0] with { Text = text };
                    return true;
                case 6:
                    _instance.Sum.Add(number);
                    _model.Set(model.Sum, Sum(model.Sum, number));
                    return true;
                case 7:
                    _instance.All.Add(number);
                    _model.Set(model.All, model.All.Count > 0 ? $"{model.All[0].Text},{text}" : text);
                    return true;
                case 8:
                    Assert.Equal(model.All.Count > 0, _instance.All.TryGet(out string? all));
                    Assert.Equal(model.All.Count > 0 ? model.All[0].Text : null, all);
                    _model.Read(model.All);
                    return true;
                case 9 when number < 300: _instance.All.Clear(); model.All.Clear(); return true;
                default: return false;
            }
        }

        void ActOnCollections(KeyModel model, int number)
        {
            string text = number.ToString(CultureInfo.InvariantCulture);
            int mapKey = number % 7;
            switch (_random.Next(14))
            {
                case < 3:
                    for (int n = _random.Next(_random.Next(200)); n >= 0; n--)
                    {
                        _instance.List.Add(number);
                        _model.Add(model.List, text);
                    }

                    return;
                case 3:
                    Assert.Equal(model.List.Count, _instance.List.Count);
                    if (model.List.Count == 0) return;
                    Assert.Equal(model.List[number % model.List.Count].Text, _instance.List[number % model.List.Count].ToString(CultureInfo.InvariantCulture));
                    _model.Read(model.List);
                    return;
                case 4:
                    Assert.Equal(model.List.Select(static i => i.Text), _instance.List.ToArray().Select(static v => v.ToString(CultureInfo.InvariantCulture)));
                    _model.Read(model.List);
                    return;
                case 5 when number < 200: _instance.List.Clear(); model.List.Clear(); return;
                case < 9: _instance.Map.Set(mapKey, number); _model.SetEntry(model.Map, mapKey, text); return;
                case 9:
                    Item? entry = model.Map.Find(e => e.MapKey == mapKey);
                    Assert.Equal(entry is not null, _instance.Map.TryGet(mapKey, out int found));
                    if (entry is not null) Assert.Equal(entry.Text, found.ToString(CultureInfo.InvariantCulture));
                    _model.Read(model.Map, e => e.MapKey == mapKey);
                    return;
                case 10: Assert.Equal(model.Map.RemoveAll(e => e.MapKey == mapKey) > 0, _instance.Map.Remove(mapKey)); return;
                case 11 when number < 200: _instance.Map.Clear(); model.Map.Clear(); return;
                case 12: Assert.Equal(model.Map.Count, _instance.Map.Count); return;
                default:
                    Assert.Equal(model.Map.Select(static i => (i.MapKey, i.Text)), _instance.Map.ToArray().Select(static e => (e.Key, (string?)e.Value.ToString(CultureInfo.InvariantCulture))));
                    _model.Read(model.Map);
                    return;
            }
        }

        static string Sum(List<Item> cell, int number) =>
            ((cell.Count > 0 ? long.Parse(cell[0].Text!, CultureInfo.InvariantCulture) : 0) + number).ToString(CultureInfo.InvariantCulture);
    }
}
