// SPDX-License-Identifier: GPL-2.0
/*
 * The laptop's battery, charger, and what it draws: 15 W and its cards.
 *
 *   SIGMA_MW    standard deviation of what the gauge shows, in mW
 *   AVERAGE_S   it shows the mean of so many seconds
 *   CHARGER     1: it is plugged in
 *   NO_BATTERY  there is none, but a power meter
 *   TWO_BATTERIES  there is a second one
 */
#ifndef SIGMA_MW
#define SIGMA_MW 600
#endif
#ifndef CHARGER
#define CHARGER 0
#endif

DefinitionBlock ("", "SSDT", 2, "KVMFR", "GAUGE", 1)
{
    External (\_SB.PCI0.S10.DRAW, MethodObj)
    External (\_SB.PCI0.S18.DRAW, MethodObj)
    External (\_SB.LIES, MethodObj)
    External (\_SB.TELL, MethodObj)

    Scope (\_SB)
    {
        Name (SEED, 4711)

        // The sum of three uniform values of +-SIGMA_MW has that deviation.
        Method (NOIS, 0, Serialized)
        {
            Local0 = Zero
            For (Local1 = 0, Local1 < 3, Local1++)
            {
                SEED = (SEED * 1103515245 + 12345) & 0x7FFFFFFF
                Local0 += (SEED >> 16) % (2 * SIGMA_MW + 1)
            }
            Return (Local0 - 3 * SIGMA_MW)
        }

        Method (WATT)
        {
            Local0 = 15000
            If (CondRefOf (\_SB.PCI0.S10.DRAW))
            {
                Local0 += \_SB.PCI0.S10.DRAW ()
            }
            If (CondRefOf (\_SB.PCI0.S18.DRAW))
            {
                Local0 += \_SB.PCI0.S18.DRAW ()
            }
            Return (Local0)
        }

#ifdef AVERAGE_S
        // What was drawn in each of the last seconds, in a ring.
        Name (RING, Package (AVERAGE_S) {})
        Name (HEAD, Zero)
        Name (SUMM, Zero)
        Name (FULL, Zero)
        Name (LAST, Zero)

        Method (PUSH, 1, Serialized)
        {
            If (FULL == AVERAGE_S)
            {
                SUMM -= DerefOf (RING [HEAD])
            }
            Else
            {
                FULL++
            }
            RING [HEAD] = Arg0
            SUMM += Arg0
            HEAD = (HEAD + 1) % AVERAGE_S
        }

        // Timer counts 100 ns, here modulo 2^32: seven minutes.
        Method (TICK, 0, Serialized)
        {
            Local0 = WATT ()
            If (!FULL)
            {
                LAST = Timer
                PUSH (Local0)
            }
            Local1 = ((Timer - LAST) & 0xFFFFFFFF) / 10000000
            LAST += Local1 * 10000000
            If (Local1 > AVERAGE_S)
            {
                Local1 = AVERAGE_S
            }
            While (Local1)
            {
                PUSH (Local0)
                Local1--
            }
        }

        Method (SHOW)
        {
            TICK ()
            Return (SUMM / FULL + NOIS ())
        }
#else
        Method (SHOW)
        {
            Return (WATT () + NOIS ())
        }
#endif

#ifdef NO_BATTERY
        Device (PMTR)
        {
            Name (_HID, "ACPI000D")
            Name (_PMC, Package ()
            {
                1, 0, 0, 90000, 1000, 0, 0xFFFFFFFF, 0, 0, 0, 0, "", "", ""
            })
            Name (_PMD, Package () {})
            Method (_PMM)
            {
                Return (SHOW ())
            }
        }
#else
        Name (PLUG, CHARGER)

        Device (ADP1)
        {
            Name (_HID, "ACPI0003")
            Name (_PCL, Package () { \_SB })
            Method (_PSR)
            {
                Return (PLUG)
            }
        }

        Device (BAT0)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_PCL, Package () { \_SB })
            Name (_STA, 0x1F)

            // In mW and mWh.
            Name (_BIF, Package ()
            {
                0, 60000, 58000, 1, 12000, 5000, 2000, 10, 10,
                "simulated", "1", "LION", "kvmfr"
            })

            Method (_BST)
            {
                If (PLUG)
                {
                    Return (Package () { 2, 20000, 40000, 12000 })
                }
                Local0 = Package () { 1, 0, 40000, 12000 }
                Local0 [1] = SHOW ()
#ifdef TWO_BATTERIES
                If (\_SB.BAT1.ROLE == 1)
                {
                    Local0 [1] = SHOW () / 2
                }
#endif
                If (CondRefOf (\_SB.LIES))
                {
                    Return (\_SB.LIES (Local0))
                }
                Return (Local0)
            }

            /*
             * The trip point is how a test reaches this machine from inside:
             * 1 mWh pulls the charger's plug, 2 mWh puts it in; others
             * are for liar.asl.
             */
            Method (_BTP, 1)
            {
                If (CondRefOf (\_SB.TELL))
                {
                    \_SB.TELL (Arg0)
                }
                If (Arg0 != 1 && Arg0 != 2)
                {
                    Return
                }
                PLUG = Arg0 - 1
                Notify (ADP1, 0x80)
                Notify (BAT0, 0x80)
            }
        }

#ifdef TWO_BATTERIES
        // Its trip point is its role: 0 idle, 1 it gives half of the power, 2 it
        // does not say how much it gives, 3 it is charged, 4 idle, but it gives.
        Device (BAT1)
        {
            Name (_HID, EisaId ("PNP0C0A"))
            Name (_UID, 1)
            Name (_PCL, Package () { \_SB })
            Name (_STA, 0x1F)
            Name (ROLE, Zero)
            Name (_BIF, Package ()
            {
                0, 60000, 58000, 1, 12000, 5000, 2000, 10, 10,
                "simulated", "2", "LION", "kvmfr"
            })

            Method (_BST)
            {
                Local0 = Package () { 0, 0, 40000, 12000 }
                Switch (ToInteger (ROLE))
                {
                    Case (1)
                    {
                        Local0 [0] = 1
                        Local0 [1] = SHOW () / 2
                    }
                    Case (2)
                    {
                        Local0 [0] = 1
                        Local0 [1] = 0xFFFFFFFF
                    }
                    Case (3)
                    {
                        Local0 [0] = 2
                        Local0 [1] = 9000
                    }
                    Case (4)
                    {
                        Local0 [1] = 9000
                    }
                }
                Return (Local0)
            }

            Method (_BTP, 1)
            {
                ROLE = Arg0
                Notify (BAT1, 0x80)
            }
        }
#endif
#endif
    }
}
